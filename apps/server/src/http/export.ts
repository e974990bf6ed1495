import { fileURLToPath } from 'node:url';
import {
  configJson,
  exportConfig,
  exportedTensors,
  exportLayersModel,
  exportPreprocessor,
  type LayersModelSpec,
  layersModelWeights,
  modelCard,
  specOf,
} from '@strata/fl-core/models/layouts';
import type { RunView } from '@strata/fl-core/protocol';
import { layoutFor } from '@strata/fl-core/rounds';
import { tokenizerFiles } from '../models/index.ts';
import type { HasBlobs } from '../store/blobs.ts';
import { fileBytes } from '../store/tensor-file.ts';
import type { Views } from '../views/views.ts';
import { checkpointFile, checkpointParts, dataOf } from './checkpoint-file.ts';

export interface ExportedFile {
  readonly name: string;
  chunks(): AsyncIterable<Uint8Array>;
}

/** Opens what is exported, and says its accuracy: it goes with every model that Python can run. */
const script = fileURLToPath(new URL('../../../../examples/python/load_strata.py', import.meta.url));

/**
 * The newest checkpoint of a run as the files of a folder that transformers opens: `model.safetensors` under the
 * Hub's names, `config.json` with the run's labels, what makes inputs, a model card and a script that runs it; of a
 * tfjs LayersModel that again. Throws `unknown-run`.
 */
export async function exportFiles(
  ports: HasBlobs,
  views: Views,
  id: string,
): Promise<{ name: string; files: ExportedFile[] }> {
  const view = await views.run(id);
  const { config, checkpoint } = view;
  const { assets } = await views.manifest(id);
  const spec = specOf(config);
  const name = `${id}-round-${checkpoint.round}`;
  if (spec.architecture === 'layers-model') {
    return {
      name,
      files: [text('README.md', modelCard(view)), ...(await layersModelFiles(ports, view, spec))],
    };
  }
  const weights = await checkpointFile(ports, {
    checkpoint,
    order: layoutFor(config).layers.map((l) => l.name),
    metadata: { format: 'pt' },
    named: (tensor) => exportedTensors(spec, tensor),
  });
  const files: ExportedFile[] = [
    text('README.md', modelCard(view)),
    text('config.json', configJson(exportConfig(config))),
    ...(spec.kind === 'image'
      ? [text('preprocessor_config.json', json(exportPreprocessor(spec, config.side)))]
      : []),
  ];
  for (const [role, sha256] of Object.entries(assets)) {
    const file = assetFile(role);
    if (file !== null) files.push(blob(file, ports, sha256));
  }
  files.push({ name: 'load_strata.py', chunks: () => fileBytes(script, 0) });
  files.push({ name: 'model.safetensors', chunks: () => weights.chunks() });
  return { name, files };
}

/** What `tf.loadLayersModel` opens. */
async function layersModelFiles(
  ports: HasBlobs,
  { config, checkpoint }: RunView,
  spec: LayersModelSpec,
): Promise<ExportedFile[]> {
  const order = layoutFor(config).layers.map((l) => l.name);
  const parts = await checkpointParts(ports, checkpoint, order);
  const weights = parts.flatMap((part) => part.tensors);
  return [
    text('model.json', json(exportLayersModel(spec, config.labels, weights, config.side))),
    { name: layersModelWeights, chunks: () => dataOf(parts) },
  ];
}

/** The sentence encoder's pieces, or a file of a tokenizer. */
function assetFile(role: string): string | null {
  if (role === 'vocab') return 'sentencepiece.json';
  return tokenizerFiles[role as keyof typeof tokenizerFiles] ?? null;
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

const text = (name: string, content: string): ExportedFile => ({
  name,
  async *chunks() {
    yield new TextEncoder().encode(content);
  },
});

const blob = (name: string, { blobs }: HasBlobs, sha256: string): ExportedFile => ({
  name,
  async *chunks() {
    yield await blobs.read(sha256);
  },
});
