import { z } from 'zod';
import { usualTokenizer } from '../../models/layouts.ts';
import { StrataError } from '../../protocol/errors.ts';
import type { Beside } from './hub/claims.ts';
import { createHuggingFaceTokenizer } from './hugging-face.ts';

export interface TriedModel {
  readonly id: string;
  /** Rows of its embedding table. */
  readonly vocabulary: number;
  readonly maxTokens: number;
  /** `config.json`. */
  readonly config: unknown;
}

const ModelConfig = z.looseObject({ model_type: z.string() });

/** Of several scripts, with signs, numbers and blanks: what any tokenizer of texts meets. */
const samples: readonly string[] = [
  '',
  'The quick brown fox, 12.50 & more!',
  '  Größe naïve café\t日本語 русский עברית\n😀',
];

/**
 * Opens a tokenizer and encodes a few texts, as every participant of a run would: before the run is made.
 *
 * @param json `tokenizer.json`
 * @param beside what stands beside it
 * @throws StrataError `bad-model` as {@link createHuggingFaceTokenizer}; also for tokens beyond the model's vocabulary,
 *   and for special tokens that leave no room for a text
 */
export function tryTokenizer(
  json: unknown,
  beside: Omit<Beside, 'modelConfig' | 'usualClass'>,
  model: TriedModel,
): void {
  const { id, vocabulary, maxTokens, config } = model;
  const typed = ModelConfig.safeParse(config);
  const usualClass = typed.success ? usualTokenizer(typed.data.model_type) : null;
  const tokenizer = createHuggingFaceTokenizer(json, {
    ...beside,
    modelConfig: config,
    usualClass,
    maxTokens,
  });
  if (tokenizer.lastId >= vocabulary) {
    throw new StrataError(
      'bad-model',
      `The tokenizer.json of ${id} has tokens up to ${tokenizer.lastId}; vocab_size of its config.json is ${vocabulary}, so that no token after ${vocabulary - 1} can be read.`,
      'Use the tokenizer that the model was trained with; or make the model’s table larger: model.resize_token_embeddings(len(tokenizer)), then save both.',
    );
  }
  const specials = tokenizer.encode('').length;
  if (specials >= maxTokens) {
    throw new StrataError(
      'bad-model',
      `The tokenizer.json of ${id} puts ${specials} special tokens around a text; the model takes ${maxTokens} tokens.`,
      'Use the tokenizer that the model was trained with.',
    );
  }
  for (const text of samples) {
    tokenizer.encode(text);
    tokenizer.encodePair?.(text, text);
  }
}
