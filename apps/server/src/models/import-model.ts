import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  architectureOf,
  catalog,
  checkTwins,
  classifierOutputs,
  importLayer,
  initialLayer,
  layoutOf,
  type ModelSpec,
  planImport,
  specAtFirst,
  specOf,
} from '@strata/fl-core/models/layouts';
import {
  type Checkpoint,
  encodeSafetensors,
  type ImportedModel,
  type ModelId,
  type NamedTensor,
  type RunConfig,
} from '@strata/fl-core/protocol';
import type { BlobStore } from '../store/blobs.ts';
import { badModel, reasonOf } from './bad-model.ts';
import { checkTokenizer } from './check-tokenizer.ts';
import { findWeights } from './deit-tiny.ts';
import { exists } from './exists.ts';
import type { HubPin } from './hub.ts';
import { locateModel, type Places } from './imported-source.ts';
import { refusePointer } from './lfs-pointer.ts';
import { type FolderConfig, layersFile, readFolderConfig, tokenizerFiles } from './model-folder.ts';
import { checkSize, tokenizerBytes } from './sizes.ts';
import { readUseLite, readUseLiteVocabulary, useLiteFolder } from './use-lite.ts';
import { vitMiniFile } from './vit-mini.ts';
import { hasWeights, WeightsFiles } from './weights-files.ts';
import { ManifestWeights } from './weights-manifest.ts';

export interface ImportOptions extends Places {
  readonly config: RunConfig;
  readonly blobs: Pick<BlobStore, 'put'>;
  /** Where DeiT-tiny is downloaded from when it is not in `modelsDir`; null: not at all. */
  readonly deitTinyPin?: HubPin | null;
}

/** What a run starts from: one safetensors blob a layer, and the files that clients need beside them, by role. */
export interface StoredModel {
  /** The run's checkpoint 0. */
  readonly layers: Checkpoint['layers'];
  /** `vocab` (SentencePiece) or `tokenizer` for text. */
  readonly assets: Record<string, string>;
}

/**
 * What there is at the source of an imported model, downloaded if need be.
 *
 * @throws StrataError `bad-model` when the model cannot be used, `too-large`, `unavailable`, `bad-config`.
 */
export async function resolveModel(model: ImportedModel, places: Places): Promise<ImportedModel> {
  const { folder, source } = await locateModel(model.source, places);
  const { found } = await readFolderConfig(folder);
  const resolved: ImportedModel = { ...model, source, found };
  const spec = specAtFirst(resolved);
  switch (found.kind) {
    case 'transformers':
      // A run may start from random weights and need none.
      if (await hasWeights(folder)) await checkWeights(spec, folder);
      await checkTokenizer(folder, spec, found.config);
      return resolved;
    case 'layers-model':
      await checkWeights(spec, folder);
      return resolved;
    default:
      return found satisfies never;
  }
}

/** Whether a file or its shards have every tensor, in the right shape and length, before a run is made of it. */
async function checkWeights(spec: ModelSpec, folder: string): Promise<void> {
  const { shapes } = await openWeights(spec, folder);
  if (spec.architecture === 'layers-model') {
    planImport(spec, layoutOf(spec, classifierOutputs(spec)), { available: shapes, sameLabels: true });
  } else planImport(spec, layoutOf(spec, 2), { available: shapes, sameLabels: false });
}

/**
 * Stores the model that a run starts from: pretrained layers as they are published, and a classification head
 * for the run's labels, drawn from the run's seed (R11) unless the model was trained for the same ones. All
 * layers are drawn from it where the run says so.
 *
 * @throws StrataError `bad-model` that names the tensor, file or folder at fault; `unavailable` when a download
 *   fails.
 */
export async function importModel(options: ImportOptions): Promise<StoredModel> {
  const { model } = options.config;
  return typeof model === 'string' ? storeBuiltIn(model, options) : storeFolder(model, options);
}

async function storeBuiltIn(id: ModelId, options: ImportOptions): Promise<StoredModel> {
  const { modelsDir, cacheDir, blobs, deitTinyPin = null } = options;
  const spec = catalog[id];
  const store = (open: () => Promise<TensorSource>) =>
    storeLayers({ spec, open, sameLabels: false }, options);
  switch (id) {
    case 'use-lite': {
      const encoder = catalog[id];
      const folder = useLiteFolder();
      if (folder === null) throw badModel(`The npm package with ${spec.title} is not installed.`);
      const layers = await store(async () => inMemory(await readUseLite(encoder, folder)));
      const vocab = await blobs.put(await readUseLiteVocabulary(encoder, folder));
      return { layers, assets: { vocab: vocab.sha256 } };
    }
    case 'deit-tiny': {
      const find = () => findWeights({ modelsDir, cacheDir, pin: deitTinyPin });
      return { layers: await store(async () => WeightsFiles.openFile(await find())), assets: {} };
    }
    case 'vit-mini':
      return { layers: await store(() => WeightsFiles.openFile(vitMiniFile)), assets: {} };
    case 'vit-nano':
      return { layers: await drawLayers(spec, options), assets: {} };
    default:
      return id satisfies never;
  }
}

async function storeFolder(model: ImportedModel, options: ImportOptions): Promise<StoredModel> {
  const { folder } = await locateModel(model.source, options);
  const { labels, found } = await readFolderConfig(folder);
  const spec = specOf(options.config);
  const open = () => openWeights(spec, folder);
  const sameLabels = hasOwnClass(spec, found) && keepsClassifier(spec, labels, options.config.labels);
  const layers = await storeLayers({ spec, open, sameLabels }, options);
  return { layers, assets: await storeTokenizer(folder, options.blobs) };
}

const openWeights = (spec: ModelSpec, folder: string): Promise<TensorSource> =>
  spec.architecture === 'layers-model'
    ? ManifestWeights.open(join(folder, layersFile))
    : WeightsFiles.openFolder(folder);

/** Whether the file's classifier is for what the run is for: that of tokens has the same name, and reads each token. */
function hasOwnClass(spec: ModelSpec, found: FolderConfig['found']): boolean {
  if (found.kind !== 'transformers') return true;
  const { architectures: own } = found.config;
  const [wanted] = [architectureOf(spec).exportedConfig(spec, found.config).architectures].flat();
  return !Array.isArray(own) || own.some((name) => name === wanted);
}

/** Most LayersModels name no labels: as many outputs as the run has labels are taken to be for them. */
function keepsClassifier(
  spec: ModelSpec,
  labels: readonly string[] | null,
  wanted: readonly string[],
): boolean {
  if (labels !== null) return JSON.stringify(labels) === JSON.stringify(wanted);
  return spec.architecture === 'layers-model' && classifierOutputs(spec) === wanted.length;
}

interface TensorSource {
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  read(name: string): Promise<Float32Array>;
}

const inMemory = (tensors: readonly NamedTensor[]): TensorSource => {
  const named = new Map(tensors.map((t) => [t.name, t]));
  return {
    shapes: new Map(tensors.map(({ name, shape }) => [name, shape])),
    read: async (name) => named.get(name)?.data ?? new Float32Array(),
  };
};

interface LayersToStore {
  readonly spec: ModelSpec;
  /** The published weights; not asked for when the run starts from random ones. */
  readonly open: () => Promise<TensorSource>;
  readonly sameLabels: boolean;
}

/** One layer after the other: memory is that of the largest, not of the model. */
async function storeLayers(
  { spec, open, sameLabels }: LayersToStore,
  options: ImportOptions,
): Promise<Checkpoint['layers']> {
  const { config, blobs } = options;
  switch (config.initial) {
    case 'random':
      return drawLayers(spec, options);
    case 'pretrained': {
      const file = await open();
      const layout = layoutOf(spec, config.labels.length);
      const layers: Checkpoint['layers'] = {};
      const plan = planImport(spec, layout, { available: file.shapes, sameLabels });
      await checkTwins(spec, plan, file.shapes, (name) => file.read(name));
      for (const layer of plan) {
        const tensors = await importLayer(spec, layer, config.seed, (name) => file.read(name));
        layers[layer.name] = await put(blobs, tensors);
      }
      return layers;
    }
    default:
      return config.initial satisfies never;
  }
}

/** Every layer fresh, drawn from the run's seed (R11). */
async function drawLayers(spec: ModelSpec, { config, blobs }: ImportOptions): Promise<Checkpoint['layers']> {
  const layout = layoutOf(spec, config.labels.length);
  const layers: Checkpoint['layers'] = {};
  for (const { name } of layout.layers) {
    layers[name] = await put(blobs, initialLayer(spec, layout, name, config.seed));
  }
  return layers;
}

const put = (blobs: ImportOptions['blobs'], tensors: readonly NamedTensor[]) =>
  blobs.put(encodeSafetensors(tensors));

/** The tokenizer's files as they are: clients read `tokenizer.json`, an export gives all of them back. */
async function storeTokenizer(
  folder: string,
  blobs: ImportOptions['blobs'],
): Promise<Record<string, string>> {
  const assets: Record<string, string> = {};
  for (const [role, file] of Object.entries(tokenizerFiles)) {
    const path = join(folder, file);
    if (!(await exists(path))) continue;
    await checkSize(path, tokenizerBytes);
    await refusePointer(path);
    try {
      assets[role] = (await blobs.put(await readFile(path))).sha256;
    } catch (cause) {
      throw badModel(`${path} cannot be read: ${reasonOf(cause)}`, cause);
    }
  }
  return assets;
}
