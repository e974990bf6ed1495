import { z } from 'zod';
import { Id } from './run.ts';
import { ClientView, RoundSummary, RunView } from './views.ts';

/**
 * How a dashboard follows a run: the view once, then what has become different. Each view that its watchers are told has
 * a version; a change names the one it begins with, and who has another asks for the view again.
 */

const Version = z.number().int();

/** What has become different in a list whose items have a key. */
const listChange = <I extends z.ZodType, F extends z.ZodType, K extends z.ZodType>(
  item: I,
  some: F,
  key: K,
) =>
  z.object({
    /** Items that are new, or told whole. */
    items: z.array(item),
    /** Of items that were there: the key, and the fields that are different. */
    fields: z.array(some),
    /** The keys of all, in their order; null: those of before. */
    order: z.array(key).nullable(),
  });

const listed = { rounds: true, clients: true } as const;

export const RunChange = z.object({
  run: Id,
  from: Version,
  to: Version,
  fields: RunView.omit({ id: true, ...listed }).partial(),
  rounds: listChange(RoundSummary, RoundSummary.partial().required({ round: true }), z.number().int()),
  clients: listChange(ClientView, ClientView.partial().required({ id: true }), Id),
});
export type RunChange = z.infer<typeof RunChange>;

/** The answer to who begins to watch. */
export const WatchedRun = z.object({ version: Version, view: RunView });
export type WatchedRun = z.infer<typeof WatchedRun>;

type Difference = Pick<RunChange, 'fields' | 'rounds' | 'clients'>;

/** What makes `after` of `before`, two views of one run; null where they say the same. */
export function changeOf(before: RunView, after: RunView): Difference | null {
  const { id: _, rounds: roundsBefore, clients: clientsBefore, ...rest } = before;
  const { id: __, rounds, clients, ...now } = after;
  const change: Difference = {
    fields: differentFields(rest, now),
    rounds: listDifference('round', roundsBefore, rounds),
    clients: listDifference('id', clientsBefore, clients),
  };
  const lists = [change.rounds, change.clients];
  const none = lists.every(
    ({ items, fields, order }) => items.length + fields.length === 0 && order === null,
  );
  return none && Object.keys(change.fields).length === 0 ? null : change;
}

/** The view after a change; null where the change is not one of this view. */
export function applyChange({ version, view }: WatchedRun, change: RunChange): WatchedRun | null {
  if (change.run !== view.id || change.from !== version) return null;
  const rounds = applied('round', view.rounds, change.rounds);
  const clients = applied('id', view.clients, change.clients);
  if (rounds === null || clients === null) return null;
  return { version: change.to, view: { ...view, ...given(change.fields), rounds, clients } };
}

const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

function differentFields<T extends object>(before: T, after: T): Partial<T> {
  const fields: Partial<T> = {};
  for (const name in after) if (!same(before[name], after[name])) fields[name] = after[name];
  return fields;
}

/** Without fields that are not there; zod says `undefined` of those. */
type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
const given = <T extends object>(fields: T): Given<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;

interface ListChange<T, K extends keyof T> {
  readonly items: readonly T[];
  readonly fields: readonly { readonly [F in keyof T]?: T[F] | undefined }[];
  readonly order: readonly T[K][] | null;
}

function listDifference<T extends object, K extends keyof T>(
  key: K,
  before: readonly T[],
  after: readonly T[],
): { items: T[]; fields: (Partial<T> & Pick<T, K>)[]; order: T[K][] | null } {
  const known = new Map(before.map((item) => [item[key], item]));
  const items: T[] = [];
  const fields: (Partial<T> & Pick<T, K>)[] = [];
  for (const item of after) {
    const old = known.get(item[key]);
    // A field that is gone cannot be told as a value: then the item is told whole.
    if (old === undefined || Object.keys(old).some((name) => !(name in item))) items.push(item);
    else {
      const different = differentFields(old, item);
      if (Object.keys(different).length > 0)
        fields.push({ ...different, [key]: item[key] } as Partial<T> & Pick<T, K>);
    }
  }
  const order = after.map((item) => item[key]);
  return {
    items,
    fields,
    order: same(
      before.map((item) => item[key]),
      order,
    )
      ? null
      : order,
  };
}

function applied<T extends object, K extends keyof T>(
  key: K,
  before: readonly T[],
  { items, fields, order }: ListChange<T, K>,
): T[] | null {
  const known = new Map(before.map((item) => [item[key], item]));
  for (const item of items) known.set(item[key], item);
  for (const some of fields) {
    const name = some[key];
    const old = name === undefined ? undefined : known.get(name);
    if (name === undefined || old === undefined) return null;
    known.set(name, { ...old, ...given(some) });
  }
  const all: T[] = [];
  for (const name of order ?? before.map((item) => item[key])) {
    const item = known.get(name);
    if (item === undefined) return null;
    all.push(item);
  }
  return all;
}
