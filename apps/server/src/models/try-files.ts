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
  const { tokenizer, tokenizerConfig } = tokenizerFiles;
  const json = await read(tokenizer);
  tryTokenizer(
    json,
    (await exists(join(folder, tokenizerConfig))) ? await read(tokenizerConfig) : null,
    model,
  );
}
