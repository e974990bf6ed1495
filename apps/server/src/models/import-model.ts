import {
  catalog,
  initialLayer,
  layoutOf,
  type ModelLayout,
  type ModelSpec,
  splitIntoLayers,
} from '@strata/fl-core/models/layouts';
import {
  type Checkpoint,
  encodeSafetensors,
  type NamedTensor,
  type RunConfig,
} from '@strata/fl-core/protocol';
import type { BlobStore } from '../store/blobs.ts';
import { badModel } from './bad-model.ts';
import { readDeitTiny } from './deit-tiny.ts';
import type { HubPin } from './hub.ts';
import { readUseLite, readUseLiteVocabulary, useLiteFolder } from './use-lite.ts';

export interface ImportOptions {
  readonly config: RunConfig;
  /** Folder with models that need no download, one folder a model. */
  readonly modelsDir: string | null;
  /** Where downloads are kept. */
  readonly cacheDir: string;
  readonly blobs: Pick<BlobStore, 'put'>;
  /** Where DeiT-tiny is downloaded from when it is not in `modelsDir`; null: not at all. */
  readonly deitTinyPin?: HubPin | null;
}

export interface ImportedModel {
  /** One safetensors blob a layer: the run's checkpoint 0. */
  readonly layers: Checkpoint['layers'];
  /** Files that clients need beside the weights, by role: `vocab` for text. */
  readonly assets: Record<string, string>;
}

/**
 * Stores the model that a run starts from: pretrained layers as they are published, and a classification head
 * for the run's labels, drawn from the run's seed (R11).
 *
 * @throws StrataError `bad-model` that names the tensor, file or folder at fault; `unavailable` when a download
 *   fails.
 */
export async function importModel(options: ImportOptions): Promise<ImportedModel> {
  const { config, blobs } = options;
  const spec = catalog[config.model];
  const layout = layoutOf(spec, config.labels.length);
  const { tensors, assets } = await readModel(spec, layout, options);
  const layers: Checkpoint['layers'] = {};
  for (const [name, layer] of splitIntoLayers(layout, tensors)) {
    layers[name] = await blobs.put(encodeSafetensors(layer));
  }
  return { layers, assets };
}

interface WholeModel {
  readonly tensors: readonly NamedTensor[];
  readonly assets: Record<string, string>;
}

async function readModel(spec: ModelSpec, layout: ModelLayout, options: ImportOptions): Promise<WholeModel> {
  const { config, modelsDir, cacheDir, blobs, deitTinyPin = null } = options;
  switch (spec.architecture) {
    case 'use-lite': {
      const folder = useLiteFolder();
      if (folder === null) throw badModel(`The npm package with ${spec.title} is not installed.`);
      const encoder = await readUseLite(spec, folder);
      const vocab = await blobs.put(await readUseLiteVocabulary(spec, folder));
      const tensors = withFreshClassifier(encoder, spec, layout, config.seed);
      return { tensors, assets: { vocab: vocab.sha256 } };
    }
    case 'vit': {
      if (spec.weights === 'random') {
        const fresh = layout.layers.flatMap((layer) => initialLayer(spec, layout, layer.name, config.seed));
        return { tensors: fresh, assets: {} };
      }
      const pretrained = await readDeitTiny({ modelsDir, cacheDir, pin: deitTinyPin });
      return { tensors: withFreshClassifier(pretrained, spec, layout, config.seed), assets: {} };
    }
    default:
      return spec satisfies never;
  }
}

/** The layer `head` may hold pretrained tensors too (ViT's last norm); its linear map is named `head.*`. */
function withFreshClassifier(
  pretrained: readonly NamedTensor[],
  spec: ModelSpec,
  layout: ModelLayout,
  seed: number,
): NamedTensor[] {
  const classifier = initialLayer(spec, layout, 'head', seed).filter((t) => t.name.startsWith('head.'));
  const replaced = new Set(classifier.map((t) => t.name));
  return [...pretrained.filter((t) => !replaced.has(t.name)), ...classifier];
}
