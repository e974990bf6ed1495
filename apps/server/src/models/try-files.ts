import { join } from 'node:path';
import { type TriedModel, tryTokenizer } from '@strata/fl-core/data/tokenizer';
import { z } from 'zod';
import { exists } from './exists.ts';
import { readJsonFile } from './json-file.ts';
import { tokenizerFiles } from './model-folder.ts';
import { tokenizerBytes } from './sizes.ts';

export interface TokenizerJob {
  /** With the model's files. */
  readonly folder: string;
  readonly model: TriedModel;
}

/**
 * Reads a tokenizer and tries it. Throws StrataError `bad-model` that names the file and what in it is at fault,
 * `too-large`.
 */
export async function tryFiles({ folder, model }: TokenizerJob): Promise<void> {
  const read = (file: string) => readJsonFile(join(folder, file), z.unknown(), tokenizerBytes);
  const ifThere = async (file: string) => ((await exists(join(folder, file))) ? read(file) : null);
  const { tokenizer, tokenizerConfig, specialTokens, addedTokens } = tokenizerFiles;
  const beside = {
    config: await ifThere(tokenizerConfig),
    specialTokens: await ifThere(specialTokens),
    addedTokens: await ifThere(addedTokens),
  };
  tryTokenizer(await read(tokenizer), beside, model);
}
