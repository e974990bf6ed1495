import type { Readiness } from '@strata/fl-core/protocol';
import { sql } from 'drizzle-orm';
import type { HasSpace } from '../store/disk-space.ts';
import type { HasDb } from '../store/store.ts';

export type ReadinessPorts = HasDb & HasSpace & { readonly hasStarted: () => boolean };

type Lack = Readiness['lacks'][number];

/** A database that has not answered by then is away, whatever it says later. */
const databaseMs = 3_000;

/** What the server lacks now, if anything. */
export async function readiness({ db, space, hasStarted }: ReadinessPorts): Promise<Readiness> {
  const [answers] = await Promise.all([
    answersInTime(db),
    // Where even looking fails, what is known stands.
    space.look().catch(() => {}),
  ]);
  const lacks: Lack[] = [
    ...(hasStarted() ? [] : [starting]),
    ...(answers ? [] : [databaseAway]),
    ...(space.full ? [diskFull] : []),
  ];
  return { ready: lacks.length === 0, lacks };
}

const starting: Lack = {
  what: 'start',
  message: 'The server is starting or ending.',
  hint: 'Wait for a few seconds.',
};
const databaseAway: Lack = {
  what: 'database',
  message: 'The database does not answer.',
  hint: 'Check DATABASE_URL and that PostgreSQL runs there; the server goes on by itself when it answers.',
};
const diskFull: Lack = {
  what: 'disk',
  message: 'The disk is full: updates are refused, and rounds wait.',
  hint: 'Free space where DATA_DIR is; the server goes on by itself.',
};

async function answersInTime(db: HasDb['db']): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, databaseMs, false);
  });
  const answer = db.execute(sql`select 1`).then(
    () => true,
    () => false,
  );
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
