import { type PostProcessor, RobertaProcessingPostProcessor } from '@huggingface/tokenizers';

/** Where the tokens of one or two texts go among the special tokens. */
export type Frame = readonly FramePart[];
type FramePart =
  | { readonly kind: 'special'; readonly id: number; readonly segment: number }
  /** All tokens of text 0 or 1. */
  | { readonly kind: 'text'; readonly text: number; readonly segment: number };

/** Stand for the tokens of the texts: no vocabulary has them, as its tokens are no control characters. */
const placeholders: readonly string[] = ['\0first', '\0second'];

/**
 * What a post-processor puts around one text or two: it is asked once, with a placeholder for each text, so that
 * texts can be cut before they are framed.
 *
 * @throws RangeError for a special token that is not in the vocabulary.
 */
export function frameOf(
  processor: PostProcessor | null,
  texts: 1 | 2,
  idOf: (token: string) => number | undefined,
): Frame {
  const given = placeholders.slice(0, texts).map((token) => [token]);
  const { tokens, tokens_pair, token_type_ids } = processor?.post_process(given[0]!, given[1] ?? null) ?? {
    tokens: given.flat(),
  };
  // Python gives RoBERTa's pairs one type; the library numbers them.
  const untyped = processor instanceof RobertaProcessingPostProcessor;
  // Byte-level processors put nothing between two texts and leave them apart.
  return [...tokens, ...(tokens_pair ?? [])].map((token, i) => {
    const segment = untyped ? 0 : (token_type_ids?.[i] ?? 0);
    const text = placeholders.indexOf(token);
    if (text >= 0) return { kind: 'text', text, segment };
    const id = idOf(token);
    if (id === undefined) throw new RangeError(`the special token "${token}" is not in the vocabulary`);
    return { kind: 'special', id, segment };
  });
}

/** How many special tokens a frame has. */
export const specialsOf = (frame: Frame): number => frame.filter(({ kind }) => kind === 'special').length;

/** The texts' tokens in their frame: ids and token types, (T). */
export function framed(
  frame: Frame,
  texts: readonly (readonly number[])[],
): { readonly ids: Int32Array; readonly segments: Uint8Array } {
  const parts = frame.map((part) => ({
    ids: part.kind === 'special' ? [part.id] : texts[part.text]!,
    segment: part.segment,
  }));
  return {
    ids: Int32Array.from(parts.flatMap(({ ids }) => ids)),
    segments: Uint8Array.from(parts.flatMap(({ ids, segment }) => ids.map(() => segment))),
  };
}

/**
 * How many tokens of two texts are kept within `most`, as `longest_first` of Hugging Face's tokenizers cuts them:
 * the longer text loses its end first; an odd token is the longer one's, the second's of two alike.
 */
export function longestFirst(first: number, second: number, most: number): readonly [number, number] {
  if (first + second <= most) return [first, second];
  const shorter = Math.min(first, second, Math.floor(most / 2));
  const longer = Math.max(0, most - shorter);
  return first > second ? [longer, shorter] : [shorter, longer];
}
