import type { TextDataset } from './datasets/index.ts';
import type { Tokenizer } from './tokenizer/tokenizer.ts';

/** The id that stands for a text in which the tokenizer finds nothing (padding and unknown share it). */
const unknown = 0;

/** The first `maxTokens` token ids of a text, (T); T is at least 1. */
export function tokensOf(text: string, tokenizer: Tokenizer, maxTokens: number): Int32Array {
  const ids = tokenizer.encode(text).slice(0, maxTokens);
  return ids.length > 0 ? ids : Int32Array.of(unknown);
}

/**
 * Texts as token ids, each cut to its first `maxTokens`.
 * @param labels class indices, (N).
 * @throws RangeError when there are not as many labels as texts.
 */
export function toTextDataset(
  texts: readonly string[],
  labels: ArrayLike<number>,
  tokenizer: Tokenizer,
  maxTokens: number,
): TextDataset {
  if (texts.length !== labels.length) throw new RangeError(`${texts.length} texts, ${labels.length} labels`);
  return {
    kind: 'text',
    tokens: texts.map((text) => tokensOf(text, tokenizer, maxTokens)),
    labels: Int32Array.from(labels),
  };
}
