import { type Cell, textOf } from '../cell.ts';

/** What stands in a column, as far as texts are told from ids, dates, numbers, addresses and names by it. */
export interface Contents {
  /** Cells that have a text in them. */
  readonly filled: number;
  /** Different ones. */
  readonly distinct: number;
  /** Words of a filled cell, the mean. */
  readonly words: number;
  /** Different words of all cells. */
  readonly vocabulary: number;
  /** Whether most filled cells have a word at all; ids, dates, numbers and addresses have none. */
  readonly readable: boolean;
}

/** Words of a cell from which it is prose rather than a name. */
export const proseWords = 2.5;

export function contentsOf(cells: readonly Cell[]): Contents {
  const texts = cells.map(textOf).filter((text) => text !== '');
  const found = texts.map(wordsIn);
  return {
    filled: texts.length,
    distinct: new Set(texts).size,
    words: found.reduce((sum, { length }) => sum + length, 0) / Math.max(1, texts.length),
    vocabulary: new Set(found.flat()).size,
    readable: texts.length > 0 && found.filter(({ length }) => length > 0).length >= texts.length / 2,
  };
}

const addresses = /\b\w+:\/\/\S+|\bwww\.\S+|\S+@\S+|(?<!\S)@\w+|(?<!\S)[\w.-]*[\\/]\S+/giu;
/** Written without blanks: two letters of such a text stand for a word. */
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]+/gu;
/** Beside digits they are part of a date. */
const calendar =
  /^(?:(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun)\p{L}{0,6}|am|pm|utc|gmt|est|pst|cet|cest|bst|edt|pdt|z|t)$/u;
const longest = 2000;

/** The words of a text, in small letters: not ids, hashes, numbers, dates, addresses or names of accounts and files. */
function wordsIn(cell: string): string[] {
  const text = cell.slice(0, longest).toLowerCase().replaceAll(addresses, ' ');
  const dated = /\d/.test(text);
  const pairs: string[] = [];
  const rest = text.replaceAll(unspaced, (run) => {
    for (let i = 0; i + 1 < run.length; i += 2) pairs.push(run.slice(i, i + 2));
    if (run.length === 1) pairs.push(run);
    return ' ';
  });
  const spaced = rest
    .split(/[\s,;:!?()"“”„«»…]+/u)
    .map((token) => token.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, ''))
    .filter(
      (token) =>
        /^\p{L}[\p{L}\p{M}'’‘´`*&.-]*$/u.test(token) && !isCode(token) && !(dated && calendar.test(token)),
    );
  return [...pairs, ...spaced];
}

/** Letters that are an id: groups of equal length of hexadecimal digits, a host name, a file. */
const isCode = (token: string): boolean =>
  /^[a-f]{6,}$/.test(token) || /^[a-f]+(-[a-f]+)+$/.test(token) || /\p{L}\.\p{L}{2,}$/u.test(token);
