import type { ColumnRole, ShownTable } from '../client/index.ts';

type Needs = ShownTable['needs'];

/** What the columns of a table can be used for. */
export function rolesOf({ texts, labels }: Needs): readonly ColumnRole[] {
  return [
    'none',
    'text',
    ...(texts === 2 ? (['second'] as const) : []),
    ...(labels === 'none' ? [] : (['label'] as const)),
  ];
}

/** What a column is used for, in a word or two. */
export function roleWord(role: ColumnRole, { texts, labels }: Needs): string {
  switch (role) {
    case 'none':
      return 'Not used';
    case 'text':
      return texts === 2 ? 'First text' : 'Text';
    case 'second':
      return 'Second text';
    case 'label':
      return labels === 'several' ? 'Labels' : 'Label';
    default:
      return role satisfies never;
  }
}

/** A column's own name: `comment` of `column "comment"`; else what it is called. */
export const columnName = (title: string): string => /"(.*)"$/su.exec(title)?.[1] ?? title;

/** "the texts are in column “comment”, the labels in column “sentiment”." */
export function takenColumns({ titles, roles, needs }: ShownTable): string {
  const named = (role: ColumnRole): string => {
    const found = titles
      .filter((_, index) => roles[index] === role)
      .map((title) => title.replace(/"(.*)"$/su, '“$1”'));
    const shown = found.length > 4 ? [...found.slice(0, 3), `${found.length - 3} more`] : found;
    return new Intl.ListFormat('en').format(shown);
  };
  const texts =
    needs.texts === 2
      ? `the first texts are in ${named('text')}, the second in ${named('second')}`
      : `the texts are in ${named('text')}`;
  return `${texts}${needs.labels === 'none' ? '' : `, the labels in ${named('label')}`}.`;
}
