import { z } from 'zod';
import { StrataError } from '../../protocol/errors.ts';
import { checkIds, findersOf } from './hub/added-tokens.ts';
import { type Beside, checkClaims } from './hub/claims.ts';
import { type Frames, framed, framesOf, longestFirst, specialsOf } from './hub/frame.ts';
import { vocabularyOf } from './hub/models.ts';
import { normalizerOf } from './hub/normalizers.ts';
import { type Normalizer, type PreTokenizer, TokenizerJson } from './hub/parts.ts';
import { preTokenizerOf } from './hub/pre-tokenizers.ts';
import type { Tokenizer } from './tokenizer.ts';

export interface HuggingFaceOptions extends Beside {
  /**
   * Longest sequence, special tokens counted: longer texts lose their end, or their beginning where the file says so,
   * never a special token. Documents are not cut.
   */
  readonly maxTokens: number;
}

/** A tokenizer, and what an embedding table must have room for. */
export interface HuggingFaceTokenizer extends Tokenizer {
  /** The largest id that it can give. */
  readonly lastId: number;
}

/**
 * A tokenizer from `tokenizer.json` as Hugging Face's `tokenizers` saves it. It gives the ids that Python gives
 * (experiments/oracles/tokenizer-components.py): what would not is refused by name, here and so before a run is made.
 *
 * @throws StrataError `bad-model` when it is no tokenizer, has a component or a value that is not built, or says
 *   something else than `tokenizer_config.json`.
 */
export function createHuggingFaceTokenizer(
  tokenizerJson: unknown,
  { maxTokens, ...beside }: HuggingFaceOptions,
): HuggingFaceTokenizer {
  const { plain, frames, left, wholeOnly, lastId } = open(tokenizerJson, beside);
  const { single, pair } = frames;
  const [room, pairRoom] = [single, pair].map((frame) => Math.max(0, maxTokens - specialsOf(frame))) as [
    number,
    number,
  ];
  const cut = (ids: readonly number[], length: number) =>
    left ? ids.slice(Math.max(0, ids.length - length)) : ids.slice(0, length);
  return {
    lastId,
    encode: (text) => framed(single, [cut(plain(text), room)]).ids,
    encodePair:
      specialsOf(pair) === 0
        ? null
        : (first, second) => {
            const ids = [plain(first), plain(second)] as const;
            const kept = longestFirst(ids[0].length, ids[1].length, pairRoom);
            return framed(pair, [cut(ids[0], kept[0]), cut(ids[1], kept[1])]);
          },
    *encodeDocument(text) {
      for (const piece of wholeOnly ? [text] : piecesOf(text)) {
        if (piece !== '') yield Int32Array.from(plain(piece));
      }
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
  /** Ids of a text, without special tokens around it. */
  readonly plain: (text: string) => readonly number[];
  readonly frames: Frames;
  /** Whether a text that is too long loses its beginning. */
  readonly left: boolean;
  /** Whether a document must be divided as a whole: what begins it is told apart, or tokens reach over blanks. */
  readonly wholeOnly: boolean;
  readonly lastId: number;
}

function open(tokenizerJson: unknown, beside: Beside): Opened {
  try {
    const json = TokenizerJson.parse(tokenizerJson);
    checkClaims(json, beside);
    return opened(json);
  } catch (cause) {
    if (cause instanceof StrataError) throw cause;
    throw new StrataError(
      'bad-model',
      `The tokenizer.json of the model cannot be used: ${reasonOf(cause)}`,
      'Use the tokenizer.json that transformers saved with the model, or a model whose tokenizer is one of BERT, RoBERTa, GPT-2 or XLM-RoBERTa.',
      { cause },
    );
  }
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof z.ZodError)) return cause instanceof Error ? cause.message : String(cause);
  const [first] = cause.issues;
  return first === undefined || first.path.length === 0
    ? 'it is no tokenizer.'
    : `${first.path.join('.')}: ${first.message}`;
}

function opened(json: TokenizerJson): Opened {
  const { normalizer, pre_tokenizer: divider, added_tokens: added } = json;
  const vocabulary = vocabularyOf(json.model);
  const tokens = added ?? [];
  checkIds(tokens, vocabulary);
  const normalize = normalizer == null ? null : normalizerOf(normalizer);
  const divide = divider == null ? null : preTokenizerOf(divider);
  if (normalize !== null && divider != null && tellsFirst(divider)) {
    throw new RangeError('a Metaspace with prepend_scheme first behind a normalizer is not built');
  }
  const find = findersOf(tokens, normalize);
  const plain = (text: string): number[] =>
    find.plain(text).flatMap((section) => {
      if (section.kind === 'token') return [section.id];
      const normal = normalize ? normalize(section.text) : section.text;
      return find.normalized(normal).flatMap((inner) => {
        if (inner.kind === 'token') return [inner.id];
        const whole = { text: inner.text, first: section.start + inner.start === 0 };
        return vocabulary.tokens((divide ? divide([whole]) : [whole]).map((piece) => piece.text));
      });
    });
  const frames = framesOf(json.post_processor);
  const specials = [...frames.single, ...frames.pair].filter((part) => part.kind === 'special');
  return {
    plain,
    frames,
    left: json.truncation?.direction === 'Left',
    wholeOnly:
      divider == null ||
      !dividesAtBlanks(divider) ||
      (normalizer != null && looksAtEnds(normalizer)) ||
      tokens.some(({ content, rstrip }) => rstrip || /\p{White_Space}/u.test(content)),
    lastId: [...tokens, ...specials].reduce((most, { id }) => Math.max(most, id), vocabulary.last),
  };
}

const anyOf = (part: PreTokenizer, is: (part: PreTokenizer) => boolean): boolean =>
  part.type === 'Sequence' ? part.pretokenizers.some((inner) => anyOf(inner, is)) : is(part);

const tellsFirst = (divider: PreTokenizer): boolean =>
  anyOf(divider, (part) => part.type === 'Metaspace' && part.prepend_scheme === 'first');

/** Whether no token reaches over a blank behind a letter, wherever the text begins. */
const dividesAtBlanks = (divider: PreTokenizer): boolean =>
  !tellsFirst(divider) &&
  !anyOf(divider, (part) => part.type === 'FixedLength') &&
  anyOf(
    divider,
    (part) =>
      ['BertPreTokenizer', 'Whitespace', 'WhitespaceSplit'].includes(part.type) ||
      (part.type === 'ByteLevel' && part.use_regex) ||
      (part.type === 'Metaspace' && part.split),
  );

/** Whether it does something at the beginning or the end of a text alone. */
const looksAtEnds = (normalizer: Normalizer): boolean =>
  normalizer.type === 'Sequence'
    ? normalizer.normalizers.some(looksAtEnds)
    : normalizer.type === 'Strip' || normalizer.type === 'Prepend';
