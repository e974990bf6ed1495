import { byteCharacters } from './bytes.ts';
import { characters } from './characters.ts';
import { charsmapNormalizer } from './charsmap.ts';
import type { Normalizer } from './parts.ts';
import { regExpOf } from './split.ts';

export type Normalize = (text: string) => string;

/**
 * What a normalizer of `tokenizer.json` makes of a text, as Hugging Face's `tokenizers` does it: where JavaScript's own
 * functions and the library's components differ from Rust's (a sigma at the end of a word, signs newer than the tables
 * of Rust, ideographs outside the first plane), theirs is followed.
 *
 * @throws RangeError for a pattern or a table that cannot be used
 */
export function normalizerOf(normalizer: Normalizer): Normalize {
  switch (normalizer.type) {
    case 'NFC':
      return (text) => text.normalize('NFC');
    case 'NFD':
    case 'NFKC':
    case 'NFKD':
      return composed(normalizer.type);
    case 'StripAccents':
      return (text) => text.replace(characters.mark, '');
    case 'Lowercase':
      return lowercase;
    case 'Nmt':
      return (text) => text.replace(nmtDropped, '').replace(nmtBlank, ' ');
    case 'ByteLevel':
      return byteCharacters;
    case 'BertNormalizer':
      return bert(normalizer);
    case 'Strip': {
      const { strip_left: left, strip_right: right } = normalizer;
      return (text) => {
        const from = left ? text.replace(/^\p{White_Space}+/u, '') : text;
        return right ? from.replace(/\p{White_Space}+$/u, '') : from;
      };
    }
    case 'Prepend':
      return (text) => (text === '' ? text : normalizer.prepend + text);
    case 'Precompiled':
      return charsmapNormalizer(normalizer.precompiled_charsmap);
    case 'Replace': {
      const pattern = regExpOf(normalizer.pattern);
      // A function, since `$` in a text of its own would stand for something.
      return (text) => (pattern === null ? text : text.replace(pattern, () => normalizer.content));
    }
    case 'Sequence': {
      const all = normalizer.normalizers.map(normalizerOf);
      return (text) => all.reduce((result, normalize) => normalize(result), text);
    }
    default:
      return normalizer satisfies never;
  }
}

/** Each character by itself: JavaScript writes a sigma at the end of a word in its other form. */
const lowercase = (text: string): string => text.replaceAll('Σ', 'σ').toLowerCase();

const nmtDropped = new RegExp(`[${['1-8', 'b', 'e-1f', '7f', '8f', '9f'].map(spelled).join('')}]`, 'gu');
const nmtBlank = /[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/g;

/** A run of code points in hexadecimal, for a set. */
function spelled(run: string): string {
  return run.replace(/[0-9a-f]+/g, (code) => `\\u{${code}}`);
}

/** Without the characters that have a decomposition only since Unicode 12: Rust's tables are of before. */
function composed(form: 'NFD' | 'NFKC' | 'NFKD'): Normalize {
  const newer = form === 'NFD' ? characters.newlyDecomposed : characters.newlyCompatible;
  return (text) =>
    text
      .split(newer)
      .map((part, i) => (i % 2 === 0 ? part.normalize(form) : part))
      .join('');
}

const blank = /\p{White_Space}/gu;
/** Blocks of ideographs, one of them with Rust's wrong beginning. */
const ideograph =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;

const plain = /^[\t\n\r -~]*$/;

function bert(options: Extract<Normalizer, { type: 'BertNormalizer' }>): Normalize {
  const { clean_text: clean, handle_chinese_chars: apart, lowercase: lower } = options;
  const accents = options.strip_accents ?? lower;
  return (text) => {
    // Of most texts nothing more is to be done.
    if (plain.test(text)) {
      const spaced = clean ? text.replace(/[\t\n\r]/g, ' ') : text;
      return lower ? spaced.toLowerCase() : spaced;
    }
    let out = text;
    if (clean) out = out.replace(characters.control, '').replace(blank, ' ');
    if (apart) out = out.replace(ideograph, ' $& ');
    if (accents) out = decomposed(out).replace(characters.nonspacing, '');
    return lower ? lowercase(out) : out;
  };
}

const decomposed = composed('NFD');
