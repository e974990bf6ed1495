import { basename, join } from 'node:path';
import { readLayersModel } from '@strata/fl-core/models/layouts';
import type { ImportedModel } from '@strata/fl-core/protocol';
import { z } from 'zod';
import { exists } from './exists.ts';
import { readBytes } from './file-bytes.ts';
import { readJsonFile } from './json-file.ts';

/** A model as transformers saves it: a folder with `config.json` and what belongs to it; or a tfjs LayersModel. */

/** Files of a tokenizer, by the role they have among a run's assets. `tokenizer` alone is enough to encode. */
export const tokenizerFiles = {
  tokenizer: 'tokenizer.json',
  tokenizerConfig: 'tokenizer_config.json',
  specialTokens: 'special_tokens_map.json',
  addedTokens: 'added_tokens.json',
  vocabText: 'vocab.txt',
  vocabJson: 'vocab.json',
  merges: 'merges.txt',
} as const;

export const configFile = 'config.json';
/** Of a tfjs LayersModel, in the place of `config.json`. */
export const layersFile = 'model.json';
export const preprocessorFile = 'preprocessor_config.json';
export const processorFile = 'processor_config.json';

const Config = z.record(z.string(), z.json());
const WholeProcessor = z.object({ image_processor: Config.optional() });
const Labels = z.object({ id2label: z.record(z.string(), z.string()) });

export interface FolderConfig {
  readonly found: NonNullable<ImportedModel['found']>;
  /** Of the classifier in the file, in the order of its outputs; null when `config.json` names none. */
  readonly labels: readonly string[] | null;
}

/** Whether a folder has a model of either kind. */
export const hasModel = async (folder: string): Promise<boolean> =>
  (await exists(join(folder, configFile))) || (await exists(join(folder, layersFile)));

/**
 * @throws StrataError `bad-model` that names the file which is missing or not JSON, or the layer of a LayersModel
 *   that cannot be trained.
 */
export async function readFolderConfig(folder: string): Promise<FolderConfig> {
  if (!(await exists(join(folder, configFile))) && (await exists(join(folder, layersFile)))) {
    const { found, labels } = readLayersModel(
      await readJsonFile(join(folder, layersFile), z.json()),
      basename(folder),
    );
    return { found: { ...found, licence: await readLicence(folder) }, labels };
  }
  const whole = await readJsonFile(join(folder, configFile), Config);
  const preprocessor = await readPreprocessor(folder);
  // Labels are the run's; a list of a thousand would travel to every client.
  const { id2label: _, label2id: __, ...config } = whole;
  const labels = Labels.safeParse(whole);
  return {
    found: { kind: 'transformers', config, preprocessor, licence: await readLicence(folder) },
    labels: labels.success ? inOrder(labels.data.id2label) : null,
  };
}

/** By the numbers of the outputs; null where one is left out, so that nobody can tell which output is whose. */
function inOrder(labels: Readonly<Record<string, string>>): string[] | null {
  const named = Object.entries(labels).toSorted(([a], [b]) => Number(a) - Number(b));
  return named.every(([output], i) => Number(output) === i) ? named.map(([, label]) => label) : null;
}

/** What transformers 5 writes of an image processor within that of a whole model, before the older file of its own. */
async function readPreprocessor(folder: string): Promise<z.infer<typeof Config> | null> {
  const whole = join(folder, processorFile);
  if (await exists(whole)) {
    const { image_processor: own } = await readJsonFile(whole, WholeProcessor);
    if (own !== undefined) return own;
  }
  const path = join(folder, preprocessorFile);
  return (await exists(path)) ? readJsonFile(path, Config) : null;
}

/** `license:` of the front matter of the model card, if there is one. */
export async function readLicence(folder: string): Promise<string | null> {
  const path = join(folder, 'README.md');
  if (!(await exists(path))) return null;
  const [, front = ''] = /^---\r?\n([\s\S]*?)\r?\n---/.exec(await beginning(path)) ?? [];
  return /^license:\s*["']?([\w.+-]{1,200})["']?\s*$/m.exec(front)?.[1] ?? null;
}

/** More than any front matter. */
const beginning = async (path: string): Promise<string> =>
  new TextDecoder().decode(await readBytes(path, 0, 2 ** 16));
