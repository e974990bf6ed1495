import { BPE, Unigram, WordPiece } from '@huggingface/tokenizers';
import type { Model } from './parts.ts';

/** Token ids of the pieces that a text was divided into. */
export type Tokens = (pieces: readonly string[]) => number[];

export interface Vocabulary {
  readonly tokens: Tokens;
  /** Id of a token of the model itself, without those that were added. */
  readonly idOf: (token: string) => number | undefined;
  /** How many tokens the model itself has. */
  readonly size: number;
  /** The largest id. */
  readonly last: number;
}

/**
 * The model of a `tokenizer.json`.
 *
 * @throws RangeError for an unknown token, or merges, that its vocabulary does not have
 */
export function vocabularyOf(model: Model): Vocabulary {
  switch (model.type) {
    case 'WordPiece': {
      const ids = idsOf(model.vocab);
      const unknown = needed(ids, model.unk_token, 'unk_token');
      const made = new WordPiece(model);
      return vocabulary(ids, (pieces) => each(made, pieces).map((token) => ids.get(token) ?? unknown));
    }
    case 'BPE':
      return bpe(model);
    case 'Unigram': {
      const ids = new Map(model.vocab.map(([token], id) => [token, id]));
      if (model.unk_id >= model.vocab.length) {
        throw new RangeError(
          `unk_id ${model.unk_id} is not in the vocabulary of ${model.vocab.length} tokens`,
        );
      }
      const made = new Unigram({ ...model, vocab: model.vocab.map(([token, score]) => [token, score]) }, '');
      return {
        ...vocabulary(ids, (pieces) => each(made, pieces).map((token) => ids.get(token) ?? model.unk_id)),
        // Python counts tokens that are there twice.
        size: model.vocab.length,
        last: model.vocab.length - 1,
      };
    }
    case 'WordLevel': {
      const ids = idsOf(model.vocab);
      const unknown = needed(ids, model.unk_token, 'unk_token');
      return vocabulary(ids, (pieces) => pieces.map((piece) => ids.get(piece) ?? unknown));
    }
    default:
      return model satisfies never;
  }
}

function bpe(model: Extract<Model, { type: 'BPE' }>): Vocabulary {
  const { unk_token: token, end_of_word_suffix: suffix, byte_fallback: bytes, ignore_merges: whole } = model;
  const ids = idsOf(model.vocab);
  const unknown = token == null ? undefined : needed(ids, token, 'unk_token');
  if (unknown === undefined && suffix) {
    throw new RangeError('model.end_of_word_suffix without a model.unk_token is not built');
  }
  const merges = model.merges.map((merge): [string, string] => pairOf(merge));
  for (const [a, b] of merges) for (const part of [a, b, a + b]) needed(ids, part, 'merges');
  const made = new BPE({
    ...model,
    dropout: null,
    merges,
    unk_token: token ?? '',
    end_of_word_suffix: suffix ?? '',
    continuing_subword_suffix: null,
  });
  const kept = (character: string) =>
    ids.has(character) || (bytes && [...encoder.encode(character)].every((byte) => ids.has(byteToken(byte))));
  // Without an unknown token Python leaves out what the vocabulary does not have before it merges, so that what stood
  // on both sides may become one.
  const known = (piece: string) =>
    unknown !== undefined || (whole && ids.has(piece)) ? piece : [...piece].filter(kept).join('');
  return vocabulary(ids, (pieces) =>
    each(made, pieces.map(known))
      .map((t) => ids.get(t) ?? unknown)
      .filter((id) => id !== undefined),
  );
}

const encoder = new TextEncoder();
const byteToken = (byte: number): string => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;

/** One piece at a time: the library would join unknown tokens over their borders. */
const each = (model: (pieces: string[]) => string[], pieces: readonly string[]): string[] =>
  pieces.flatMap((piece) => model([piece]));

function vocabulary(ids: ReadonlyMap<string, number>, tokens: Tokens): Vocabulary {
  let last = -1;
  for (const id of ids.values()) last = Math.max(last, id);
  return { tokens, idOf: (token) => ids.get(token), size: ids.size, last };
}

const idsOf = (vocab: Readonly<Record<string, number>>): ReadonlyMap<string, number> =>
  new Map(Object.entries(vocab));

function needed(ids: ReadonlyMap<string, number>, token: string, field: string): number {
  const id = ids.get(token);
  if (id === undefined)
    throw new RangeError(`the token "${token}" of model.${field} is not in its vocabulary`);
  return id;
}

function pairOf(merge: string | readonly [string, string]): [string, string] {
  const [a, b, ...more] = typeof merge === 'string' ? merge.split(' ') : merge;
  if (a === undefined || b === undefined || more.length > 0) {
    throw new RangeError(`model.merges has "${String(merge)}", which is no pair`);
  }
  return [a, b];
}
