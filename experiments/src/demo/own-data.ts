import { copyFile, mkdir, mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import Papa from 'papaparse';
import { ownPictures } from './own-pictures.ts';

/** A person's own data as the demo needs it: which sample has which label, and how to write a part of it out. */
export interface OwnData {
  readonly labels: readonly string[];
  /** Label of each sample. */
  readonly samples: readonly string[];
  /** Writes one folder or CSV for each part (lists of sample indices) below a new temporary folder. */
  write(parts: readonly (readonly number[])[]): Promise<{ folder: string; shards: string[] }>;
}

/** Reads a folder of images by label, or a CSV of text and label. Throws an Error that says what is wrong. */
export async function readOwnData(path: string, kind: 'image' | 'text'): Promise<OwnData> {
  const found = await stat(path).catch(() => null);
  if (!found) throw new Error(`--data: ${path} does not exist.`);
  if (kind === 'image') {
    if (!found.isDirectory()) throw new Error(`--data: an image model needs a folder of images by label.`);
    return readImages(path);
  }
  if (!found.isFile()) throw new Error(`--data: a text model needs a CSV file of text and label.`);
  return readTexts(path);
}

async function readImages(root: string): Promise<OwnData> {
  const files = await ownPictures(root);
  const labels = [...new Set(files.map((file) => file.label))].sort();
  requireLabels(labels, root);
  return {
    labels,
    samples: files.map((f) => f.label),
    write: (parts) =>
      writeParts(parts, async (shard, indices) => {
        for (const [n, i] of indices.entries()) {
          const file = files[i];
          if (!file) continue;
          const folder = join(shard, file.folder);
          await mkdir(folder, { recursive: true });
          await copyFile(join(root, file.path), join(folder, `${n}-${basename(file.path)}`));
        }
        return shard;
      }),
  };
}

async function readTexts(path: string): Promise<OwnData> {
  const rows = Papa.parse<string[]>(await readFile(path, 'utf8'), { skipEmptyLines: 'greedy' }).data;
  const header = (rows[0] ?? []).map((cell) => cell.trim().toLowerCase());
  const text = header.findIndex((h) => ['text', 'sentence', 'content'].includes(h));
  const label = header.findIndex((h) => ['label', 'category', 'class'].includes(h));
  const named = text >= 0 && label >= 0;
  const table = (named ? rows.slice(1) : rows).map((row) => ({
    text: row[named ? text : 0] ?? '',
    label: (row[named ? label : 1] ?? '').trim(),
  }));
  const labels = [...new Set(table.map((r) => r.label))].sort();
  requireLabels(labels, path);
  return {
    labels,
    samples: table.map((r) => r.label),
    write: (parts) =>
      writeParts(parts, async (shard, indices) => {
        const csv = `${shard}.csv`;
        await writeFile(csv, Papa.unparse(indices.flatMap((i) => table[i] ?? [])));
        return csv;
      }),
  };
}

function requireLabels(labels: readonly string[], path: string): void {
  if (labels.length < 2) throw new Error(`--data: ${path} has fewer than two labels.`);
}

async function writeParts(
  parts: readonly (readonly number[])[],
  write: (shard: string, indices: readonly number[]) => Promise<string>,
): Promise<{ folder: string; shards: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'strata-demo-'));
  const shards: string[] = [];
  for (const [k, indices] of parts.entries()) {
    const shard = join(folder, `client-${k}`);
    await mkdir(shard, { recursive: true });
    shards.push(await write(shard, indices));
  }
  return { folder, shards };
}
