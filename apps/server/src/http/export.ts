import {
  configJson,
  exportConfig,
  exportedTensors,
  exportPreprocessor,
  modelCard,
  specOf,
} from '@strata/fl-core/models/layouts';
import { tokenizerFiles } from '../models/index.ts';
import type { Context } from '../rounds/context.ts';
import { layoutFor } from '../rounds/layout.ts';
import { getRun } from '../rounds/rows.ts';
import type { Views } from '../rounds/views.ts';
import { checkpointFile } from './checkpoint-file.ts';

export interface ExportedFile {
  readonly name: string;
  chunks(): AsyncIterable<Uint8Array>;
}

/**
 * The newest checkpoint of a run as the files of a folder that transformers opens: `model.safetensors` under the
 * Hub's names, `config.json` with the run's labels, what makes inputs, and a model card. Throws `unknown-run`.
 */
export async function exportFiles(
  context: Context,
  views: Views,
  id: string,
): Promise<{ name: string; files: ExportedFile[] }> {
  const view = await views.run(id);
  const { config, checkpoint } = view;
  const { assets } = await getRun(context.db, id);
  const spec = specOf(config.model);
  const weights = await checkpointFile(context, {
    checkpoint,
    order: layoutFor(config).layers.map((l) => l.name),
    metadata: { format: 'pt' },
    named: (tensor) => exportedTensors(spec, tensor),
  });
  const files: ExportedFile[] = [
    text('README.md', modelCard(view)),
    text('config.json', configJson(exportConfig(config.model, config.labels))),
    ...(spec.kind === 'image' && spec.architecture !== 'layers-model'
      ? [text('preprocessor_config.json', json(exportPreprocessor(spec, config.side)))]
      : []),
  ];
  for (const [role, sha256] of Object.entries(assets)) {
    const file = assetFile(role);
    if (file !== null) files.push(blob(file, context, sha256));
  }
  files.push({ name: 'model.safetensors', chunks: () => weights.chunks() });
  return { name: `${id}-round-${checkpoint.round}`, files };
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

const blob = (name: string, { blobs }: Context, sha256: string): ExportedFile => ({
  name,
  async *chunks() {
    yield await blobs.read(sha256);
  },
});
