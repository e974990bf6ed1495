import { openPicture } from '@strata/cli/pictures';
import {
  createHuggingFaceTokenizer,
  createSentencePiece,
  type ImageDataset,
  readTextTable,
  reducePicture,
  type SourceFile,
  type TextDataset,
  type Tokenizer,
  toTokenDataset,
  unpackArchives,
  Vocabulary,
  withoutClutter,
} from '@strata/fl-core/data';
import type { ReadExport } from '@strata/fl-core/models';
import { taskNamed } from '@strata/fl-core/tasks';
import { UsageError } from '../experiment.ts';

/** What is to be predicted of. */
export interface Samples {
  readonly dataset: ImageDataset | TextDataset;
  /** Where each comes from, in the order of the dataset. */
  readonly places: readonly Place[];
  readonly leftOut: readonly LeftOutPlace[];
}

export interface Place {
  readonly file: string;
  /** From 1; absent where the whole file is meant. */
  readonly line?: number;
}

export interface LeftOutPlace extends Place {
  readonly reason: string;
}

type ExportFile = (name: string) => Promise<Uint8Array | null>;

/** Reads files as the model of an export takes them. Throws {@link UsageError} for a model without classes. */
export async function readSamples(
  files: readonly SourceFile[],
  model: ReadExport,
  exported: ExportFile,
): Promise<Samples> {
  const { files: unpacked, problems } = await unpackArchives(files);
  const present = withoutClutter(unpacked);
  const { task, spec } = model;
  const { head } = taskNamed(task);
  switch (head) {
    case 'classification': {
      const read =
        spec.kind === 'image'
          ? await readPictures(present, model.side)
          : await readTexts(present, model, exported);
      return { ...read, leftOut: [...problems, ...read.leftOut] };
    }
    case 'next-token':
      throw new UsageError('This model continues texts; it has no classes to predict.');
    default:
      return head satisfies never;
  }
}

/** Width times height of a picture at most, as on the page. */
const mostPixels = 100_000_000;

async function readPictures(files: readonly SourceFile[], side: number): Promise<Samples> {
  const kept: Uint8Array[] = [];
  const places: Place[] = [];
  const leftOut: LeftOutPlace[] = [];
  for (const { path: file, read } of files) {
    try {
      const { pixels } = await reducePicture(await read(), { side, mostPixels, open: openPicture });
      kept.push(pixels);
      places.push({ file });
    } catch (error) {
      leftOut.push({ file, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  const labels = new Int32Array(kept.length);
  const dataset: ImageDataset = { kind: 'image', side, pixels: new Uint8Array(Buffer.concat(kept)), labels };
  return { dataset, places, leftOut };
}

const table = /\.(csv|tsv|tab|json|jsonl|ndjson)$/i;

/** Texts of tables, of lines, of whole files; two of each where the model compares them. */
async function readTexts(
  files: readonly SourceFile[],
  model: ReadExport,
  exported: ExportFile,
): Promise<Samples> {
  const { task } = model;
  const { pairs } = taskNamed(task);
  const texts: string[] = [];
  const seconds: string[] = [];
  const places: Place[] = [];
  const leftOut: LeftOutPlace[] = [];
  for (const { path: file, read } of files) {
    const bytes = await read();
    if (table.test(file)) {
      // Labels do not matter here; of pairs the reader asks for their column.
      const options = { file, bytes, labels: pairs ? model.labels : [] };
      const { samples, lines, problems } = readTextTable({ task: pairs ? task : 'next-token', ...options });
      texts.push(...samples.texts);
      if (samples.kind === 'pairs') seconds.push(...samples.seconds);
      places.push(...Array.from(lines, (line) => ({ file, line })));
      leftOut.push(...problems);
      continue;
    }
    if (pairs) {
      leftOut.push({ file, reason: 'is no table: two texts a line are needed' });
      continue;
    }
    const content = new TextDecoder().decode(bytes).replaceAll(/\r\n?/g, '\n');
    const whole = files.length > 1;
    for (const [i, text] of (whole ? [content] : content.split('\n')).entries()) {
      if (text.trim() === '') continue;
      texts.push(text.trim());
      places.push(whole ? { file } : { file, line: i + 1 });
    }
  }
  const { spec } = model;
  if (spec.kind !== 'text') throw new UsageError('The model takes pictures.');
  const options = {
    tokenizer: await openTokenizer(exported, spec.maxTokens),
    model: spec.title,
    maxTokens: spec.maxTokens,
  };
  const labelled = { classes: model.labels, labels: new Int32Array(texts.length), texts };
  const { dataset } = pairs
    ? await toTokenDataset({ kind: 'pairs', ...labelled, seconds }, options)
    : await toTokenDataset({ kind: 'text', ...labelled }, options);
  if (dataset.kind !== 'text') throw new TypeError(`a dataset of the kind ${dataset.kind}`);
  return { dataset, places, leftOut };
}

async function openTokenizer(exported: ExportFile, maxTokens: number): Promise<Tokenizer> {
  const json = async (name: string): Promise<unknown> => {
    const bytes = await exported(name);
    return bytes === null ? null : JSON.parse(new TextDecoder().decode(bytes));
  };
  const pieces = await json('sentencepiece.json');
  if (pieces !== null) return createSentencePiece(Vocabulary.parse(pieces));
  const tokenizer = await json('tokenizer.json');
  if (tokenizer === null) throw new UsageError('The model has no tokenizer: download it again.');
  return createHuggingFaceTokenizer(tokenizer, { config: await json('tokenizer_config.json'), maxTokens });
}
