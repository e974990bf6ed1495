import {
  Tokenizer as HubTokenizer,
  type Normalizer,
  PrecompiledNormalizer,
  SequenceNormalizer,
} from '@huggingface/tokenizers';
import { z } from 'zod';
import { StrataError } from '../../protocol/errors.ts';
import { charsmapNormalizer } from './charsmap.ts';
import { type Frame, framed, frameOf, longestFirst, specialsOf } from './frame.ts';
import type { Tokenizer } from './tokenizer.ts';

export interface HuggingFaceOptions {
  /** `tokenizer_config.json`; null where the model has none. */
  readonly config?: unknown;
  /**
   * Longest sequence, special tokens counted: longer texts lose their end, never a special token. Documents are
   * not cut.
   */
  readonly maxTokens: number;
}

const TokenizerJson = z.looseObject({ model: z.looseObject({ vocab: z.unknown() }) });

/**
 * A tokenizer from `tokenizer.json` as Hugging Face's `tokenizers` saves it: WordPiece, byte-level BPE and Unigram
 * models, with the special tokens that its post-processor adds.
 *
 * @throws StrataError `bad-model` when it is no tokenizer, or one of a kind that is not known.
 */
export function createHuggingFaceTokenizer(
  tokenizerJson: unknown,
  { config = null, maxTokens }: HuggingFaceOptions,
): Tokenizer {
  const { tokenizer, single, pair } = open(tokenizerJson, config);
  const plain = (text: string): readonly number[] =>
    tokenizer.encode(text, { add_special_tokens: false }).ids;
  const [room, pairRoom] = [single, pair].map((frame) => Math.max(0, maxTokens - specialsOf(frame)));
  return {
    encode: (text) => framed(single, [plain(text).slice(0, room)]).ids,
    encodePair:
      specialsOf(pair) === 0
        ? null
        : (first, second) => {
            const ids = [plain(first), plain(second)] as const;
            const kept = longestFirst(ids[0].length, ids[1].length, pairRoom!);
            return framed(pair, [ids[0].slice(0, kept[0]), ids[1].slice(0, kept[1])]);
          },
    *encodeDocument(text) {
      for (const piece of piecesOf(text)) yield Int32Array.from(plain(piece));
    },
  };
}

/** Characters of a document that are encoded at a time, or a few more. */
const pieceLength = 2 ** 12;

/** A document in pieces that begin with a blank behind a letter: no token reaches over such a place. */
function* piecesOf(text: string): Generator<string> {
  const border = /(?<=\S) /g;
  let start = 0;
  while (text.length - start > pieceLength) {
    border.lastIndex = start + pieceLength;
    const end = border.exec(text)?.index ?? text.length;
    yield text.slice(start, end);
    start = end;
  }
  if (start < text.length) yield text.slice(start);
}

interface Opened {
  readonly tokenizer: HubTokenizer;
  readonly single: Frame;
  readonly pair: Frame;
}

function open(tokenizerJson: unknown, config: unknown): Opened {
  try {
    const tokenizer = new HubTokenizer(
      TokenizerJson.parse(tokenizerJson),
      z.looseObject({}).parse(config ?? {}),
    );
    useCharsmap(tokenizer.normalizer);
    const frame = (texts: 1 | 2) =>
      frameOf(tokenizer.post_processor, texts, (token) => tokenizer.token_to_id(token));
    return { tokenizer, single: frame(1), pair: frame(2) };
  } catch (cause) {
    throw new StrataError(
      'bad-model',
      `The tokenizer of the model cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`,
      'Use the tokenizer.json that transformers saved with the model.',
      { cause },
    );
  }
}

/** Gives every normalizer with a table of SentencePiece the table's own normalisation. */
function useCharsmap(normalizer: Normalizer | null): void {
  if (normalizer instanceof SequenceNormalizer) {
    for (const part of normalizer.normalizers) useCharsmap(part);
  } else if (normalizer instanceof PrecompiledNormalizer) {
    const { precompiled_charsmap: table } = Charsmap.parse(normalizer.config);
    if (table) normalizer.normalize = charsmapNormalizer(table);
  }
}

const Charsmap = z.looseObject({ precompiled_charsmap: z.string().nullish() });
