import { byteCharacters } from './bytes.ts';
import { characters } from './characters.ts';
import type { PreTokenizer } from './parts.ts';
import { regExpOf, split } from './split.ts';

/** A piece of text, and whether the text begins with it. */
export interface Piece {
  readonly text: string;
  readonly first: boolean;
}

export type PreTokenize = (pieces: readonly Piece[]) => readonly Piece[];

/**
 * How a pre-tokenizer of `tokenizer.json` divides pieces of text, as Hugging Face's `tokenizers` does it.
 *
 * @throws RangeError for a pattern that cannot be used, or a `Metaspace` whose fields contradict each other
 */
export function preTokenizerOf(part: PreTokenizer): PreTokenize {
  switch (part.type) {
    case 'BertPreTokenizer':
      return dividing((text) => text.match(bertWords) ?? []);
    case 'Whitespace':
      return dividing((text) => text.match(wordsOrSigns) ?? []);
    case 'WhitespaceSplit':
      return dividing((text) => text.match(/\P{White_Space}+/gu) ?? []);
    case 'Punctuation':
      return dividing((text) => split(text, characters.punctuation, part.behavior));
    case 'Digits':
      return dividing((text) => split(text, number, part.individual_digits ? 'Isolated' : 'Contiguous'));
    case 'CharDelimiterSplit': {
      const pattern = regExpOf({ String: part.delimiter });
      return dividing((text) => split(text, pattern, 'Removed'));
    }
    case 'Split': {
      const pattern = regExpOf(part.pattern);
      return dividing((text) => split(text, pattern, part.behavior, part.invert));
    }
    case 'FixedLength':
      return dividing((text) => inParts([...text], part.length));
    case 'ByteLevel':
      return dividing((text) => {
        const whole = part.add_prefix_space && !text.startsWith(' ') ? ` ${text}` : text;
        // Every character is of one of its alternatives: nothing lies between two matches.
        return (part.use_regex ? (whole.match(gpt2) ?? []) : [whole]).map(byteCharacters);
      });
    case 'Metaspace':
      return metaspace(part);
    case 'Sequence': {
      const all = part.pretokenizers.map(preTokenizerOf);
      return (pieces) => all.reduce((result, divide) => divide(result), pieces);
    }
    default:
      return part satisfies never;
  }
}

/** Words, and each sign by itself. */
const bertWords = new RegExp(
  `[^\\p{White_Space}${characters.punctuation.source.slice(1, -1)}]+|${characters.punctuation.source}`,
  'gu',
);
const number = /\p{N}/gu;
/** Words of Rust's regular expressions, and what is neither word nor blank. */
const wordsOrSigns =
  /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]+|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}\p{White_Space}]+/gu;
/** GPT-2's, with the blanks of Oniguruma, which has a next line among them and no byte order mark. */
const gpt2 =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

const dividing =
  (divide: (text: string) => readonly string[]): PreTokenize =>
  (pieces) =>
    pieces.flatMap(({ text, first }) => {
      const parts = divide(text);
      // A part that comes behind something that was left out does not begin the text.
      return parts.map((part, i) => ({ text: part, first: first && i === 0 && text.startsWith(part) }));
    });

function inParts(characters: readonly string[], length: number): string[] {
  const parts: string[] = [];
  for (let i = 0; i < characters.length; i += length) parts.push(characters.slice(i, i + length).join(''));
  return parts;
}

function metaspace(part: Extract<PreTokenizer, { type: 'Metaspace' }>): PreTokenize {
  const { replacement: sign, prepend_scheme: scheme, add_prefix_space: prefix, split: divided } = part;
  if (prefix === false && scheme !== 'never') {
    throw new RangeError(`Metaspace has add_prefix_space false and prepend_scheme ${scheme}`);
  }
  const pattern = regExpOf({ String: sign });
  return (pieces) =>
    pieces.flatMap(({ text, first }) => {
      const signed = text.replaceAll(' ', sign);
      const wanted = scheme === 'always' || (scheme === 'first' && first);
      const whole = wanted && !signed.startsWith(sign) ? sign + signed : signed;
      const parts = divided ? split(whole, pattern, 'MergedWithNext') : [whole];
      return parts.map((one, i) => ({ text: one, first: first && i === 0 }));
    });
}
