import { z } from 'zod';
import { createPieceTrie, symbolsOf } from './piece-trie.ts';
import type { Tokenizer } from './tokenizer.ts';

/** A unigram vocabulary: [piece, log probability] in the order of the ids. */
export type Vocabulary = readonly (readonly [string, number])[];

/**
 * The published vocabulary has lost the scores of the pieces with a colon: they are null. The published
 * tokenizer adds them up as 0, so they mean 0.
 */
const Score = z
  .number()
  .nullable()
  .transform((score) => score ?? 0);
export const Vocabulary = z.array(z.tuple([z.string().min(1), Score])).max(1_000_000);

/** Ids below this are unknown, control and user-defined symbols, which no text can spell. */
const reserved = 6;
/** Stands for any symbol, and any run of symbols, that the vocabulary cannot spell. */
const unknownId = 0;
const separator = '\u2581';

/**
 * SentencePiece with a unigram language model (Kudo, arXiv 1804.10959), with the conventions of the tokenizer
 * that Universal Sentence Encoder Lite was published with (npm @tensorflow-models/universal-sentence-encoder
 * 1.3.3): NFKC, a separator before the text and in place of every space, ids as they are in the vocabulary.
 * Time is linear in the text; the tree walks at most the longest piece at each symbol.
 */
export function createSentencePiece(vocabulary: Vocabulary): Tokenizer {
  const trie = createPieceTrie(vocabulary.map(([text, score], id) => ({ text, score, id })).slice(reserved));

  const encode = (text: string): Int32Array => {
    const normal = text.normalize('NFKC');
    if (normal === '') return new Int32Array();
    const symbols = symbolsOf(separator + normal.replaceAll(' ', separator));

    // best[i] is the score of the best segmentation of the first i symbols, and the last piece of it has the
    // id lastId[i] and lastLength[i] symbols. As in the published tokenizer, a score of 0 means that no piece
    // has ended there yet, and what is never reached counts as one unknown symbol at no cost.
    const best = new Float64Array(symbols.length + 1);
    const lastId = new Int32Array(symbols.length + 1).fill(unknownId);
    const lastLength = new Int32Array(symbols.length + 1).fill(1);
    const consider = (start: number, id: number, length: number, score: number) => {
      const end = start + length;
      const total = best[start]! + score;
      if (best[end] !== 0 && total < best[end]!) return;
      best[end] = total;
      lastId[end] = id;
      lastLength[end] = length;
    };
    for (let start = 0; start < symbols.length; start++) {
      let spelled = false;
      for (const { id, score, length } of trie.matches(symbols, start)) {
        consider(start, id, length, score);
        spelled = true;
      }
      if (!spelled) consider(start, unknownId, 1, 0);
    }

    const ids: number[] = [];
    for (let end = symbols.length; end > 0; end -= lastLength[end]!) {
      const id = lastId[end]!;
      if (id !== unknownId || ids.at(-1) !== unknownId) ids.push(id);
    }
    return Int32Array.from(ids.reverse());
  };

  return {
    encode,
    encodePair: null,
    *encodeDocument(text) {
      yield encode(text);
    },
  };
}
