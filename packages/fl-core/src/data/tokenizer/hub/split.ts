import { SplitPreTokenizer } from '@huggingface/tokenizers';
import type { Behavior, Pattern } from './parts.ts';

/**
 * A pattern of `tokenizer.json` as a regular expression with the flags `gu`; null for an empty string, which finds
 * nothing.
 *
 * Oniguruma's classes and escapes are rewritten by the library. It takes possessive quantifiers and atomic groups for
 * ordinary ones and knows no Unicode case: those are refused.
 *
 * @throws RangeError for a regular expression that would not find the same in JavaScript.
 */
export function regExpOf(pattern: Pattern): RegExp | null {
  if ('String' in pattern) {
    return pattern.String === '' ? null : new RegExp(escaped(pattern.String), 'gu');
  }
  const { Regex: source } = pattern;
  const bad = unlike.find(({ found }) => found.test(syntaxOf(source)));
  if (bad !== undefined)
    throw new RangeError(`the regular expression ${source} has ${bad.what}, which is not built`);
  try {
    const { pattern: made } = new SplitPreTokenizer({
      type: 'Split',
      pattern: { Regex: source },
      behavior: 'Isolated',
      invert: false,
    });
    if (made !== null) return made;
  } catch {
    // Said below.
  }
  throw new RangeError(`the regular expression ${source} cannot be read in JavaScript`);
}

const escaped = (text: string): string =>
  text.replace(/[.*+?^${}()|[\]\\/-]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** What its syntax is told by: without properties, escaped characters and the sign of a set of all others. */
const syntaxOf = (source: string): string =>
  source
    .replace(/\\[pP]\{\^?[^}]*\}/g, 'x')
    .replace(/\\[^A-Za-z0-9]/g, 'x')
    .replaceAll('[^', '[');

const unlike: readonly { readonly found: RegExp; readonly what: string }[] = [
  { found: /[+*?}]\+/, what: 'a possessive quantifier' },
  { found: /\(\?>/, what: 'an atomic group' },
  { found: /\(\?(?![:=!]|<[=!])/, what: 'options or a named group' },
  { found: /\\[^dDsSntrfvxu]/, what: 'an escape that JavaScript knows otherwise' },
  { found: /&&|\[[^\]]*\[/, what: 'a set inside a set' },
  { found: /[\^$]/, what: 'an anchor' },
];

/** A part of a text, and whether the pattern found it. */
interface Part {
  readonly start: number;
  readonly end: number;
  readonly found: boolean;
}

/**
 * Divides a text where a pattern finds something, as `NormalizedString::split` of Hugging Face's tokenizers does; no
 * piece is empty.
 *
 * @param invert what is found and what lies between change places
 */
export function split(text: string, pattern: RegExp | null, behavior: Behavior, invert = false): string[] {
  const parts = partsOf(text, pattern).map((p) => ({ ...p, found: p.found !== invert }));
  return joined(parts, behavior)
    .filter(({ start, end }) => end > start)
    .map(({ start, end }) => text.slice(start, end));
}

function partsOf(text: string, pattern: RegExp | null): Part[] {
  if (pattern === null) return [{ start: 0, end: text.length, found: false }];
  const parts: Part[] = [];
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    const end = match.index + match[0].length;
    if (match.index > at) parts.push({ start: at, end: match.index, found: false });
    parts.push({ start: match.index, end, found: true });
    at = end;
  }
  if (at < text.length) parts.push({ start: at, end: text.length, found: false });
  return parts;
}

function joined(parts: readonly Part[], behavior: Behavior): readonly Part[] {
  switch (behavior) {
    case 'Removed':
      return parts.filter(({ found }) => !found);
    case 'Isolated':
      return parts;
    case 'Contiguous':
      return merged(parts, (part, before) => part.found === before);
    case 'MergedWithPrevious':
      return merged(parts, (part, before) => part.found && !before);
    case 'MergedWithNext': {
      const flipped = [...parts].reverse();
      return mergedBackwards(flipped).reverse();
    }
    default:
      return behavior satisfies never;
  }
}

/** Parts that `joins` are put to the one before; it is told whether that one was found, at first: not. */
function merged(parts: readonly Part[], joins: (part: Part, before: boolean) => boolean): Part[] {
  const result: Part[] = [];
  let before = false;
  for (const part of parts) {
    const last = result.at(-1);
    if (last !== undefined && joins(part, before)) result[result.length - 1] = { ...last, end: part.end };
    else result.push(part);
    before = part.found;
  }
  return result;
}

/** From the end: what was found is put to the part behind it, unless that was found, too. */
function mergedBackwards(parts: readonly Part[]): Part[] {
  const result: Part[] = [];
  let before = false;
  for (const part of parts) {
    const last = result.at(-1);
    if (last !== undefined && part.found && !before)
      result[result.length - 1] = { ...last, start: part.start };
    else result.push(part);
    before = part.found;
  }
  return result;
}
