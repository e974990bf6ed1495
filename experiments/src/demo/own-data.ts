import { copyFile, mkdir, mkdtemp, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { WantedColumns } from '@strata/fl-core/data';
import Papa from 'papaparse';
import { readLabelledTable } from '../labelled-table.ts';
import { ownPictures } from './own-pictures.ts';

/** A person's own data as the demo needs it: which sample has which label, and how to write a part of it out. */
export interface OwnData {
  readonly labels: readonly string[];
  /** Label of each sample. */
  readonly samples: readonly string[];
  /** What was taken of the data: lines for whoever started the demo. */
  readonly said: readonly string[];
  /** Writes one folder or CSV for each part (lists of sample indices) below a new temporary folder. */
  write(parts: readonly (readonly number[])[]): Promise<{ folder: string; shards: string[] }>;
}

/**
 * Reads a folder of images by label, or a table of texts with a label each, by the reader that pages have. Throws an
 * Error that says what is wrong.
 */
export async function readOwnData(
  path: string,
  kind: 'image' | 'text',
  columns: WantedColumns = {},
): Promise<OwnData> {
  const found = await stat(path).catch(() => null);
  if (!found) throw new Error(`--data: ${path} does not exist.`);
  if (kind === 'image') {
    if (!found.isDirectory()) throw new Error(`--data: an image model needs a folder of images by label.`);
    return readImages(path);
  }
  if (!found.isFile())
    throw new Error(`--data: a text model needs a table of texts and labels (CSV, TSV or JSON).`);
  return readTable(path, columns);
}

async function readImages(root: string): Promise<OwnData> {
  const files = await ownPictures(root);
  const labels = [...new Set(files.map((file) => file.label))].sort();
  requireLabels(labels, root);
  return {
    labels,
    samples: files.map((f) => f.label),
    said: [`${files.length} pictures; ${labels.length} labels: ${labels.join(', ')}`],
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

async function readTable(path: string, columns: WantedColumns): Promise<OwnData> {
  const { labels, samples, said } = await readLabelledTable(path, columns);
  const labelOf = (i: number) => labels[samples.labels[i] ?? -1] ?? '';
  return {
    labels,
    samples: samples.texts.map((_, i) => labelOf(i)),
    said,
    write: (parts) =>
      writeParts(parts, async (shard, indices) => {
        const csv = `${shard}.csv`;
        const data = indices.map((i) => [samples.texts[i] ?? '', labelOf(i)]);
        await writeFile(csv, Papa.unparse({ fields: ['text', 'label'], data }));
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
