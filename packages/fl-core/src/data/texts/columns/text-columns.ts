import type { Reason } from '../../problems.ts';
import { proseWords } from './contents.ts';
import type { ColumnNeeds } from './table-columns.ts';
import type { TableView } from './table-view.ts';
import { inPart } from './usual-names.ts';

/** Columns of the first text and of the second. */
export type TextColumns = readonly (readonly number[])[];

/** The texts have so many times the words of any other column, or nothing tells which they are. */
const clearlyMore = 1.5;

/** Names of which a column is meant by the person, whatever stands there. */
const sure = new Set(['text', 'texts', 'sentence']);

/** Usual names of the columns of two texts. */
const pairNames = [
  ['sentence1', 'sentence2'],
  ['premise', 'hypothesis'],
  ['question1', 'question2'],
  ['question', 'answer'],
  ['question', 'sentence'],
  ['texta', 'textb'],
  ['text1', 'text2'],
  ['query', 'passage'],
] as const;

/**
 * The columns of the texts among `rest`, those that are not the labels': by their names, else by what stands there.
 * Ids, dates, numbers and addresses are never texts, unless the header surely says so.
 */
export function textColumns(
  table: TableView,
  header: boolean,
  rest: readonly number[],
  texts: ColumnNeeds['texts'],
): TextColumns | Reason {
  return texts === 1 ? oneText(table, header, rest) : twoTexts(table, header, rest);
}

function oneText(table: TableView, header: boolean, rest: readonly number[]): TextColumns | Reason {
  const contents = (index: number) => table.contents(index, header);
  const named = header ? byName(table, rest) : [];
  const meant =
    named.find((index) => contents(index).readable) ?? named.find((index) => sure.has(table.key(index)));
  if (meant !== undefined) {
    const whole = withTitle(table, header, meant, rest);
    return 'reason' in whole ? whole : [whole];
  }
  const readable = rest.filter((index) => contents(index).readable);
  // Names of people and places are read, too; they are texts where there is nothing else.
  const usual = readable.filter((index) => !(header && table.naming(index).other));
  const [only, ...more] = usual;
  if (only !== undefined && more.length === 0) return [[only]];
  // Without names a title and what stands below it are alike: nothing of them is lost.
  const prose = usual.filter((index) => contents(index).words >= proseWords);
  if (!header && prose.length > 1) return [prose];
  const [most, next] = [...(usual.length > 0 ? usual : readable)].sort(
    (a, b) => contents(b).vocabulary - contents(a).vocabulary,
  );
  const clear =
    most !== undefined &&
    (next === undefined || contents(most).vocabulary >= clearlyMore * contents(next).vocabulary) &&
    (usual.length > 0 || contents(most).words >= proseWords);
  return clear ? [[most]] : unclear(table, header, rest);
}

/** The columns that are named as texts usually are, the likelier first. */
const byName = (table: TableView, rest: readonly number[]): readonly number[] =>
  rest
    .map((index) => ({ index, rank: table.naming(index).text }))
    .filter(({ rank }) => rank !== null)
    .sort((a, b) => a.rank! - b.rank!)
    .map(({ index }) => index);

/** A text and the title above it are one; a column that is named as titles are is seldom all of a text. */
function withTitle(
  table: TableView,
  header: boolean,
  text: number,
  rest: readonly number[],
): readonly number[] | Reason {
  const contents = (index: number) => table.contents(index, header);
  const isTitle = (index: number) =>
    table.naming(index).title &&
    contents(index).readable &&
    contents(index).distinct > contents(index).filled / 2;
  const title = rest.find(isTitle);
  if (title === undefined) return [text];
  if (text !== title) return [title, text];
  const [most, next] = rest
    .filter((index) => !table.naming(index).other && !table.naming(index).title)
    .filter((index) => contents(index).readable && contents(index).words >= proseWords)
    .sort((a, b) => contents(b).vocabulary - contents(a).vocabulary);
  if (most === undefined) return [title];
  const clear = next === undefined || contents(most).vocabulary >= clearlyMore * contents(next).vocabulary;
  return clear ? [title, most] : unclear(table, header, rest);
}

function unclear(table: TableView, header: boolean, rest: readonly number[]): Reason {
  const width = table.width(header);
  const columns = width === 1 ? 'one column' : `${width} columns`;
  const name = 'name it "text" in the first row';
  const none = rest.every((index) => !table.contents(index, header).readable);
  return {
    kind: 'malformed',
    reason: none
      ? `has no column of texts: beside the labels there are only ids, dates, numbers, addresses or empty cells; if one is meant, ${name}`
      : `has ${columns}, and none is surely that of the texts: ${name}`,
  };
}

function twoTexts(table: TableView, header: boolean, rest: readonly number[]): TextColumns | Reason {
  const pair = header ? namedPair(table, rest) : undefined;
  if (pair !== undefined) return pair.map((index) => [index]);
  if (rest.length === 2) return rest.map((index) => [index]);
  const named = header ? byName(table, rest).filter((index) => (table.naming(index).text ?? 0) < inPart) : [];
  const readable = rest.filter((index) => table.contents(index, header).readable);
  const usual = readable.filter((index) => !(header && table.naming(index).other));
  const prose = usual.filter((index) => table.contents(index, header).words >= proseWords);
  const found = [named, usual, prose].find(({ length }) => length === 2);
  if (found !== undefined) return [...found].sort((a, b) => a - b).map((index) => [index]);
  const names = pairNames.map((pairOf) => pairOf.join(' and ')).join(', ');
  return {
    kind: 'malformed',
    reason: `has ${table.width(header)} columns, and the two of texts are not named: name them in the first row (${names})`,
  };
}

const namedPair = (table: TableView, rest: readonly number[]): readonly number[] | undefined =>
  pairNames
    .map((pair) => pair.map((name) => rest.find((index) => table.key(index) === name)))
    .map((pair) => pair.filter((index) => index !== undefined))
    .find(({ length }) => length === 2);
