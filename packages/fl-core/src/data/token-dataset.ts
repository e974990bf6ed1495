import { StrataError } from '../protocol/errors.ts';
import type { LabelSetDataset, TextDataset, TokenDataset } from './dataset.ts';
import { encodeDocuments, type TokenLimits } from './documents.ts';
import { toPassageDataset } from './passages.ts';
import { pauses } from './pauses.ts';
import { type LeftOut, ProblemList } from './problems.ts';
import type { RawLabelSets, RawPairs, RawTextSamples, RawTexts } from './raw-samples.ts';
import { tokensOf } from './text-dataset.ts';
import type { Tokenizer } from './tokenizer/tokenizer.ts';

export interface TokenDatasetOptions {
  readonly tokenizer: Tokenizer;
  /** What the model is called, for messages. */
  readonly model: string;
  /** Longest sequence of the model, special tokens counted. */
  readonly maxTokens: number;
  /** Documents are cut into passages of so many tokens, or of `maxTokens` if that is fewer. */
  readonly passage: number;
  /** Stands behind the last token of each document, where the model has such a token. */
  readonly endOfText?: number;
  readonly limits?: Partial<TokenLimits>;
  /** Called now and then with what is done of all; what it throws ends the work. */
  readonly onProgress?: (done: number, all: number) => void;
}

export interface Tokenized<D extends TokenDataset = TokenDataset> extends LeftOut {
  readonly dataset: D;
}

/**
 * Texts of any task as token ids. Others (messages of a worker, say) get their turn between texts.
 *
 * Nothing is thrown for documents that are too short to learn from or that are one too many: they are in
 * `problems`.
 *
 * @throws StrataError `bad-config` for pairs where the model's tokenizer has no form for two texts.
 */
export async function toTokenDataset(raw: RawTextSamples, options: TokenDatasetOptions): Promise<Tokenized> {
  const { tokenizer, maxTokens, passage, endOfText, limits, onProgress } = options;
  switch (raw.kind) {
    case 'text':
      return whole(await toTexts(raw, options));
    case 'label-sets':
      return whole(await toLabelSetDataset(raw, options));
    case 'pairs':
      return whole(await toPairDataset(raw, options));
    case 'documents': {
      const { documents, ...leftOut } = await encodeDocuments(raw, {
        tokenizer,
        ...(endOfText === undefined ? {} : { endOfText }),
        ...(limits ? { limits } : {}),
        ...(onProgress ? { onProgress } : {}),
      });
      return { dataset: toPassageDataset(documents, Math.min(passage, maxTokens)), ...leftOut };
    }
    default:
      return raw satisfies never;
  }
}

const whole = (dataset: TokenDataset): Tokenized => ({ dataset, ...new ProblemList() });

async function toTexts(raw: RawTexts, options: TokenDatasetOptions): Promise<TextDataset> {
  return { kind: 'text', tokens: await encodeTexts(raw, options), labels: raw.labels, ...splitOf(raw) };
}

/** Texts of any number of classes as token ids. */
export async function toLabelSetDataset(
  raw: RawLabelSets,
  options: TokenDatasetOptions,
): Promise<LabelSetDataset> {
  const { classes, flags } = raw;
  const tokens = await encodeTexts(raw, options);
  return { kind: 'label-sets', classes: classes.length, tokens, flags, ...splitOf(raw) };
}

/** Pairs of texts, each pair as one sequence of token ids with its segments. */
export async function toPairDataset(raw: RawPairs, options: TokenDatasetOptions): Promise<TextDataset> {
  const { tokenizer, model, onProgress } = options;
  const { encodePair } = tokenizer;
  if (encodePair === null) {
    throw new StrataError(
      'bad-config',
      `The tokenizer of the model ${model} has no form for two texts.`,
      'Make the run with a model that reads pairs: BERT, RoBERTa, XLM-RoBERTa, DistilBERT or MiniLM.',
    );
  }
  const pairs = await inTurn(raw.texts, (text, i) => encodePair(text, raw.seconds[i]!), onProgress);
  return {
    kind: 'text',
    tokens: pairs.map(({ ids }) => ids),
    segments: pairs.map(({ segments }) => segments),
    labels: raw.labels,
    ...splitOf(raw),
  };
}

const splitOf = ({ heldOut }: { readonly heldOut?: Uint8Array }) => (heldOut ? { heldOut } : {});

const encodeTexts = (
  { texts }: { readonly texts: readonly string[] },
  { tokenizer, maxTokens, onProgress }: TokenDatasetOptions,
): Promise<Int32Array[]> => inTurn(texts, (text) => tokensOf(text, tokenizer, maxTokens), onProgress);

/** As `map`, with pauses. */
async function inTurn<T>(
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
