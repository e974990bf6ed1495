import { StrataError } from '@strata/fl-core/protocol';
import type { LocalFile } from '../../client/index.ts';

/** One file of a model, without its folder. */
export interface ModelFile {
  readonly name: string;
  readonly content: Blob;
}

/** The file that says what a model is: of TensorFlow.js, or of transformers. */
const descriptions: readonly string[] = ['model.json', 'config.json'];
/** What belongs to a model of either kind; other files beside it stay here. */
const belongs = /\.(json|bin|safetensors|txt|md)$/i;

/**
 * The model among files that an operator chose or dropped: those in the topmost folder with a `model.json` or a
 * `config.json`, archives unpacked.
 * @throws {StrataError} `bad-model` when there is none, or an archive cannot be opened.
 */
export async function modelFiles(chosen: readonly LocalFile[]): Promise<ModelFile[]> {
  const found = await named(await unpacked(chosen));
  const described = found
    .filter(({ path }) => descriptions.includes(baseName(path)))
    .toSorted((a, b) => depth(a.path) - depth(b.path));
  const [top] = described;
  if (top === undefined) {
    throw new StrataError(
      'bad-model',
      'None of these files is a model.json or a config.json.',
      'Choose all files of the model at once: model.json with its .bin files, or config.json with model.safetensors.',
    );
  }
  return found
    .filter(({ path }) => folderOf(path) === folderOf(top.path) && belongs.test(path))
    .map(({ path, content }) => ({ name: baseName(path), content }));
}

/** What a browser adds to the name of a file that it saves a second time. */
const copyMark = / \(\d+\)(?=\.\w+$)/;
/** `model.json` of the largest networks takes less; configurations and tokenizers beside it are not read further. */
const describingBytes = 2 ** 23;

/**
 * The files with the names by which they belong together: TensorFlow.js saves `downloads://NAME` as NAME.json, a browser
 * numbers copies. A name that somebody has already is left alone.
 */
async function named(found: readonly Found[]): Promise<Found[]> {
  const taken = new Set(found.map(({ path }) => path));
  const renamed = (path: string, to: string): string => {
    if (path === to || taken.has(to)) return path;
    taken.add(to);
    return to;
  };
  const plain = found.map(({ path, content }) => ({
    path: renamed(path, path.replace(copyMark, '')),
    content,
  }));
  if (plain.some(({ path }) => descriptions.includes(baseName(path)))) return plain;
  const result: Found[] = [];
  for (const { path, content } of plain) {
    const describes =
      /\.json$/i.test(path) &&
      content.size <= describingBytes &&
      /"weightsManifest"/.test(await content.text());
    result.push({ path: describes ? renamed(path, `${folderOf(path)}model.json`) : path, content });
  }
  return result;
}

interface Found {
  readonly path: string;
  readonly content: Blob;
}

async function unpacked(chosen: readonly LocalFile[]): Promise<Found[]> {
  const found: Found[] = [];
  for (const { path, file } of chosen) {
    if (/\.zip$/i.test(path)) found.push(...(await entriesOf(file)));
    else found.push({ path, content: file });
  }
  return found;
}

/** The paths in an archive are told from its own folder on. */
async function entriesOf(file: File): Promise<Found[]> {
  // Only who brings an archive needs this code.
  const { unpackArchives } = await import('@strata/fl-core/data');
  const read = async () => new Uint8Array(await file.arrayBuffer());
  const { files, problems } = await unpackArchives([{ path: 'model.zip', size: file.size, read }]);
  const [problem] = problems;
  if (problem !== undefined) {
    throw new StrataError('bad-model', `${file.name} ${problem.reason}.`, 'Unpack it and choose its files.');
  }
  const entries: Found[] = [];
  for (const entry of files) {
    if (!belongs.test(entry.path)) continue;
    const bytes = await entry.read();
    entries.push({ path: entry.path.replace(/^model\//, ''), content: new Blob([new Uint8Array(bytes)]) });
  }
  return entries;
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);
const depth = (path: string): number => path.split('/').length;
