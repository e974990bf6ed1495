import { createHash } from 'node:crypto';
import {
  type AuditEntry,
  type AuditKind,
  type AuditPage,
  auditText,
  type Checkpoint,
  noAuditYet,
  plainLine,
} from '@strata/fl-core/protocol';
import { asc, desc, gt, sql } from 'drizzle-orm';
import type { HasDb, Queryable } from './database.ts';
import { audit } from './schema.ts';

/** What is to be on record. */
export interface AuditLine {
  /** Who did it: an operator's name. */
  readonly who: string;
  readonly kind: AuditKind;
  readonly run?: string;
  readonly details?: Readonly<Record<string, string>>;
}

/** Who committed a model, in place of an operator. */
export const theServer = 'server';
const longestText = 500;
const entriesAtOnce = 500;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * Adds an entry, in the transaction of what it is of: either both are or neither. It is the last thing that a transaction
 * does: until it ends nobody else adds one, so that the chain has one end.
 */
export async function appendAudit(tx: Queryable, line: AuditLine): Promise<void> {
  await tx.execute(sql`LOCK TABLE audit IN EXCLUSIVE MODE`);
  const [last] = await tx
    .select({ seq: audit.seq, hash: audit.hash })
    .from(audit)
    .orderBy(desc(audit.seq))
    .limit(1);
  const shown = (text: string) => plainLine(text).slice(0, longestText);
  const entry: Omit<AuditEntry, 'hash'> = {
    seq: (last?.seq ?? 0) + 1,
    at: Date.now(),
    who: shown(line.who),
    kind: line.kind,
    run: line.run ?? null,
    details: Object.fromEntries(Object.entries(line.details ?? {}).map(([k, v]) => [shown(k), shown(v)])),
    previous: last?.hash ?? noAuditYet,
  };
  await tx.insert(audit).values({ ...entry, at: new Date(entry.at), hash: sha256(auditText(entry)) });
}

/** Adds an entry of something that no transaction is about. */
export const recordAudit = ({ db }: HasDb, line: AuditLine): Promise<void> =>
  db.transaction((tx) => appendAudit(tx, line));

/** What stands on record of a model: the hash of each layer. */
export const modelDetails = (round: number, layers: Checkpoint['layers']): Record<string, string> => ({
  round: String(round),
  ...Object.fromEntries(Object.entries(layers).map(([name, layer]) => [`layer ${name}`, layer.sha256])),
});

const toEntry = ({ at, ...row }: typeof audit.$inferSelect): AuditEntry => ({ ...row, at: at.getTime() });

/** The newest entries, and the end of the chain. */
export async function newestAudit(db: Queryable, limit: number): Promise<AuditPage> {
  const rows = await db.select().from(audit).orderBy(desc(audit.seq)).limit(limit);
  const entries = rows.map(toEntry);
  return { entries, count: entries[0]?.seq ?? 0, head: entries[0]?.hash ?? noAuditYet };
}

/** The whole log as lines of JSON, oldest first. */
export async function* auditLines({ db }: HasDb): AsyncGenerator<string> {
  for (let after = 0; ; ) {
    const rows = await db
      .select()
      .from(audit)
      .where(gt(audit.seq, after))
      .orderBy(asc(audit.seq))
      .limit(entriesAtOnce);
    for (const row of rows) yield `${JSON.stringify(toEntry(row))}\n`;
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.seq;
  }
}
