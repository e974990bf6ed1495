import {
  type ColumnChoices,
  createHuggingFaceTokenizer,
  createSentencePiece,
  type Dataset,
  type DecodedImage,
  givenHoldOut,
  type LabelMapping,
  type LeftOut,
  type PictureNotes,
  type RawImages,
  type RawTextSamples,
  readImageFolder,
  readTexts,
  reducePicture,
  type ShownTable,
  type SourceFile,
  sampleForTask,
  splitHoldOut,
  type Tokenizer,
  toImageDataset,
  toTokenDataset,
  unpackArchives,
  Vocabulary,
} from '@strata/fl-core/data';
import { specOf } from '@strata/fl-core/models/layouts';
import { type RunManifest, StrataError } from '@strata/fl-core/protocol';
import { sha256Hex } from '../index.ts';
import type { LocalData } from '../work/index.ts';
import { summarize } from './data-summary.ts';
import type { DataChoice, DataFile } from './options.ts';
import type { Platform } from './platform.ts';
import type { DataSummary } from './snapshot.ts';

export interface LoadOptions {
  readonly manifest: RunManifest;
  /** Origin that serves `/samples/`. */
  readonly server: string;
  /** Of the hold-out split and the sample shards. */
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly platform: Pick<Platform, 'openPicture' | 'loadSample'>;
  /** The bytes of one of the run's assets. */
  readonly asset: (sha256: string) => Promise<Uint8Array>;
  /** The data that an earlier visit left on this device, prepared for this run; null when there is none. */
  readonly stored: (of: 'this-client' | 'anyone') => Promise<Dataset | null>;
  /** Gets the share that is done, in [0, 1]. */
  readonly report: (fraction: number) => void;
}

export interface LoadedData {
  readonly data: LocalData;
  readonly summary: DataSummary;
  /** Everything as it was read, before the hold-out, where it is to be kept as this client's. */
  readonly own: Dataset | null;
}

const nothingLeftOut: LeftOut = { problems: [], problemCount: 0, unknown: [] };

interface Loaded extends LeftOut {
  readonly dataset: Dataset;
  /** Of texts that the person brought. */
  readonly tables?: readonly ShownTable[];
  /** Of pictures that the person brought. */
  readonly notes?: PictureNotes;
}

/**
 * Reads what the person chose as the model of this run takes it, and sets some of it aside.
 * What cannot be used is listed in the summary, which may end up without any samples.
 */
export async function loadData(choice: DataChoice, options: LoadOptions): Promise<LoadedData> {
  const { labels, local, privacy } = options.manifest.config;
  const { dataset, notes, tables, ...left } = await load(choice, options);
  options.signal.throwIfAborted();
  // Of protected samples no figures are told: none is held back for them, and which would be follows from the others.
  const { training, heldOut } =
    privacy.kind === 'sample' ? givenHoldOut(dataset) : splitHoldOut(dataset, local.holdOut, options.seed);
  return {
    data: { train: training, heldOut },
    summary: summarize(training, heldOut, labels, left, {
      ...(tables === undefined ? {} : { tables }),
      ...(notes === undefined ? {} : { pictures: notes }),
    }),
    own: choice.kind === 'files' || (choice.kind === 'stored' && choice.of === 'anyone') ? dataset : null,
  };
}

function load(choice: DataChoice, options: LoadOptions): Promise<Loaded> {
  switch (choice.kind) {
    case 'sample':
      return loadShard(choice, options);
    case 'files':
      return loadFiles(choice, options);
    case 'stored':
      return loadStored(choice.of, options);
    default:
      return choice satisfies never;
  }
}

async function loadShard(
  { sample, shard, of }: Extract<DataChoice, { kind: 'sample' }>,
  options: LoadOptions,
): Promise<Loaded> {
  const whole = await options.platform.loadSample(sample, {
    fetch: (path) => fetchSample(path, options),
    decodeImage: (bytes) => wholePicture(bytes, options),
  });
  options.report(0.5);
  const { task, labels } = options.manifest.config;
  return prepare(
    sampleForTask(whole, { task: task.name, labels, shard, of, seed: options.seed }),
    half(options, 0.5),
  );
}

/** Reports what is done as the part of the whole that begins at `from` and is one half of it. */
const half = (options: LoadOptions, from: 0 | 0.5): LoadOptions => ({
  ...options,
  report: (fraction) => options.report(from + fraction / 2),
});

/** A picture that is part of the project, as it lies in the file. */
async function wholePicture(bytes: Uint8Array, { platform }: LoadOptions): Promise<DecodedImage> {
  const picture = await platform.openPicture(bytes);
  try {
    return picture.read(0, 0, picture.width, picture.height);
  } finally {
    picture.close();
  }
}

async function fetchSample(path: string, { server, signal }: LoadOptions): Promise<Uint8Array> {
  const response = await fetch(`${server}/samples/${path}`, { signal });
  if (response.ok) return new Uint8Array(await response.arrayBuffer());
  throw new StrataError(
    'unavailable',
    `The sample data could not be fetched (${path}, ${response.status}).`,
    'Try again in a moment, or use your own data.',
  );
}

async function prepare(raw: RawImages | RawTextSamples, options: LoadOptions): Promise<Loaded> {
  if (raw.kind === 'image') {
    return { dataset: toImageDataset(raw, options.manifest.config.side), ...nothingLeftOut };
  }
  const { task } = options.manifest.config;
  const input = await textInput(options);
  return toTokenDataset(raw, {
    ...input,
    ...('passage' in task ? { passage: task.passage } : {}),
    onProgress: followed(options),
  });
}

async function loadStored(of: 'this-client' | 'anyone', { stored }: LoadOptions): Promise<Loaded> {
  const dataset = await stored(of);
  if (dataset !== null) return { dataset, ...nothingLeftOut };
  throw new StrataError(
    'bad-request',
    'Your data is not on this device any more.',
    'Choose your files again to go on.',
  );
}

async function loadFiles(
  { files, mapping = new Map(), columns = new Map() }: Extract<DataChoice, { kind: 'files' }>,
  options: LoadOptions,
): Promise<Loaded> {
  const sources = files.map(({ path, file }) => ({ path, size: file.size, read: () => bytesOf(file) }));
  const { files: found, ...unopened } = await unpackArchives(sources);
  options.signal.throwIfAborted();
  const { dataset, tables, notes, ...left } =
    options.manifest.config.data.kind === 'image'
      ? await loadPictures(found, mapping, options)
      : await loadTexts(found, { mapping, columns }, options);
  return {
    dataset,
    ...(tables === undefined ? {} : { tables }),
    ...(notes === undefined ? {} : { notes }),
    ...together({ ...unopened, unknown: [] }, left),
  };
}

const together = (...parts: readonly LeftOut[]): LeftOut => ({
  problems: parts.flatMap(({ problems }) => problems),
  problemCount: parts.reduce((sum, { problemCount }) => sum + problemCount, 0),
  unknown: parts.flatMap(({ unknown }) => unknown),
});

/** Tells how far the reading is, and ends it when it was cancelled. */
const followed =
  ({ signal, report }: LoadOptions) =>
  (done: number, all: number) => {
    signal.throwIfAborted();
    report(done / all);
  };

function loadPictures(
  files: readonly SourceFile[],
  mapping: LabelMapping,
  options: LoadOptions,
): Promise<Loaded> {
  const { labels, side } = options.manifest.config;
  return readImageFolder(files, {
    labels,
    side,
    mapping,
    reduce: (bytes, to, mostPixels) =>
      reducePicture(bytes, { side: to, mostPixels, open: options.platform.openPicture }),
    digest: (bytes) => sha256Hex(new Uint8Array(bytes)),
    onProgress: followed(options),
  });
}

async function loadTexts(
  files: readonly SourceFile[],
  said: { readonly mapping: LabelMapping; readonly columns: ColumnChoices },
  options: LoadOptions,
): Promise<Loaded> {
  const { task, labels } = options.manifest.config;
  const { samples, tables, ...left } = await readTexts(files, {
    task: task.name,
    labels,
    ...said,
    onProgress: followed(half(options, 0)),
  });
  const { dataset, ...unencoded } = await prepare(samples, half(options, 0.5));
  return { dataset, tables, ...together(left, unencoded) };
}

interface TextInput {
  readonly tokenizer: Tokenizer;
  readonly model: string;
  /** How many tokens of a text the model looks at. */
  readonly maxTokens: number;
  readonly endOfText?: number;
}

async function textInput({ manifest, asset }: LoadOptions): Promise<TextInput> {
  const spec = specOf(manifest.config);
  const { vocab, tokenizer, tokenizerConfig } = manifest.assets;
  const json = async (sha256: string): Promise<unknown> =>
    JSON.parse(new TextDecoder().decode(await asset(sha256)));
  if (spec.kind === 'text' && tokenizer !== undefined) {
    const { title: model, maxTokens } = spec;
    const config = tokenizerConfig === undefined ? null : await json(tokenizerConfig);
    return {
      tokenizer: createHuggingFaceTokenizer(await json(tokenizer), { config, maxTokens }),
      model,
      maxTokens,
      ...(spec.endOfText === undefined ? {} : { endOfText: spec.endOfText }),
    };
  }
  if (spec.kind === 'text' && vocab !== undefined) {
    const { title: model, maxTokens } = spec;
    return { tokenizer: createSentencePiece(Vocabulary.parse(await json(vocab))), model, maxTokens };
  }
  throw new StrataError(
    'bad-config',
    `The model ${spec.title} of this run cannot read texts.`,
    'The person who runs it can make a new run with a text model that has a tokenizer.',
  );
}

const bytesOf = async (file: DataFile['file']) => new Uint8Array(await file.arrayBuffer());
