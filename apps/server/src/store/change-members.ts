import type { MemberChange } from '@strata/fl-core/rounds/types';
import { and, eq, getTableColumns, type SQL, sql } from 'drizzle-orm';
import { members } from './schema.ts';
import type { Queryable } from './store.ts';

const columns = getTableColumns(members);
type Column = keyof MemberChange;

/** Members that are changed by one statement: of a thousand, with masks or scores, some hundred kilobytes. */
const mostAtOnce = 500;

/**
 * Changes members of a round, many by one statement: those of which the same is changed. Where the changes of a cohort
 * are a statement each, everybody else waits for a thousand.
 */
export async function changeMembers(
  tx: Queryable,
  { run, round }: { readonly run: string; readonly round: number },
  changes: Iterable<readonly [client: string, change: MemberChange]>,
): Promise<void> {
  const alike = new Map<string, { readonly names: readonly Column[]; readonly rows: object[] }>();
  for (const [client, change] of changes) {
    const names = columnsOf(change);
    if (names.length === 0) continue;
    const key = names.join();
    const group = alike.get(key) ?? { names, rows: [] };
    alike.set(key, group);
    group.rows.push({ client, ...change });
  }
  for (const { names, rows } of alike.values()) {
    for (let at = 0; at < rows.length; at += mostAtOnce) {
      const said = JSON.stringify(rows.slice(at, at + mostAtOnce));
      await tx
        .update(members)
        .set(Object.fromEntries(names.map((name) => [name, sql`said.${sql.identifier(name)}`])))
        .from(sql`jsonb_to_recordset(${said}::jsonb) as said (client text, ${typed(names)})`)
        .where(and(eq(members.run, run), eq(members.round, round), sql`${members.client} = said.client`));
    }
  }
}

const isColumn = (name: string): name is Column => Object.hasOwn(columns, name);

/** What a change names, in one order. */
const columnsOf = (change: MemberChange): Column[] => Object.keys(change).filter(isColumn).sort();

/** `"mask" jsonb, "update" text`: fields of JSON, named as a change names them, with the types of their columns. */
const typed = (names: readonly Column[]): SQL =>
  sql.join(
    names.map((name) => sql`${sql.identifier(name)} ${sql.raw(columns[name].getSQLType())}`),
    sql`, `,
  );
