import type { TokenDataset } from '../../datasets/index.ts';
import { pauses } from '../../pauses.ts';
import { type LeftOut, ProblemList } from '../../problems.ts';
import { tokensOf } from '../../text-dataset.ts';
import type { Tokenizer } from '../../tokenizer/tokenizer.ts';

export interface TokenDatasetOptions {
  readonly tokenizer: Tokenizer;
  /** What the model is called, for messages. */
  readonly model: string;
  /** Longest sequence of the model, special tokens counted. */
  readonly maxTokens: number;
  /** Documents are cut into passages of so many tokens, or of `maxTokens` if that is fewer or this is absent. */
  readonly passage?: number;
  /** Stands behind the last token of each document, where the model has such a token. */
  readonly endOfText?: number;
  readonly limits?: Partial<TokenLimits>;
  /** Called now and then with what is done of all; what it throws ends the work. */
  readonly onProgress?: (done: number, all: number) => void;
}

export interface TokenLimits {
  /** Of all documents. */
  readonly tokens: number;
}

export interface Tokenized<D extends TokenDataset = TokenDataset> extends LeftOut {
  readonly dataset: D;
}

/** Nothing was left out. */
export const whole = <D extends TokenDataset>(dataset: D): Tokenized<D> => ({
  dataset,
  ...new ProblemList(),
});

/** The split that samples come with, if any. */
export const splitOf = ({ heldOut }: { readonly heldOut?: Uint8Array }) => (heldOut ? { heldOut } : {});

/** Each text as its first token ids, with pauses. */
export const encodeTexts = (
  { texts }: { readonly texts: readonly string[] },
  { tokenizer, maxTokens, onProgress }: TokenDatasetOptions,
): Promise<Int32Array[]> => inTurn(texts, (text) => tokensOf(text, tokenizer, maxTokens), onProgress);

/** As `map`, with pauses. */
export async function inTurn<T>(
  texts: readonly string[],
  encode: (text: string, index: number) => T,
  onProgress: TokenDatasetOptions['onProgress'],
): Promise<T[]> {
  const pause = pauses(() => onProgress?.(out.length, texts.length));
  const out: T[] = [];
  for (const [i, text] of texts.entries()) {
    await pause();
    out.push(encode(text, i));
  }
  onProgress?.(texts.length, texts.length);
  return out;
}
