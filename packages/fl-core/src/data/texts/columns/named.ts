import type { ChosenColumns, ColumnRole, ShownTable } from './shown.ts';

/** Columns by their names, or by their numbers from 1, as somebody types them; absent: they are as they were found. */
export interface WantedColumns {
  /** Several are one text, one below the other. */
  readonly text?: readonly string[] | undefined;
  readonly label?: string | undefined;
}

/** What somebody who typed `wanted` says of a table; `unknown` is a name that none of its columns has. */
export function namedColumns(
  { header, roles, titles }: Pick<ShownTable, 'header' | 'roles' | 'titles'>,
  wanted: WantedColumns,
): ChosenColumns | { readonly unknown: string } {
  const names = titles.map((title) => /"(.*)"$/.exec(title)?.[1] ?? '');
  const indexOf = (name: string): number =>
    !names.includes(name) && /^\d+$/.test(name) ? Number(name) - 1 : names.indexOf(name);
  const typed = [...(wanted.text ?? []), ...(wanted.label === undefined ? [] : [wanted.label])];
  const unknown = typed.find((name) => !(indexOf(name) in names));
  if (unknown !== undefined) return { unknown };
  const texts = wanted.text?.map(indexOf);
  const label = wanted.label === undefined ? null : indexOf(wanted.label);
  const roleOf = (found: ColumnRole, index: number): ColumnRole => {
    if (index === label) return 'label';
    if (texts?.includes(index)) return 'text';
    if (found === 'label') return label === null ? 'label' : 'none';
    return texts === undefined ? found : 'none';
  };
  return { header, roles: roles.map(roleOf) };
}
