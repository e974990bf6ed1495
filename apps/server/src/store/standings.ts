import { desc, eq } from 'drizzle-orm';
import {
  type ClientRow,
  listClients,
  listPlaces,
  type MemberRow,
  type RoundRow,
  type RunRow,
  unknownRun,
} from './rows.ts';
import { rounds, runs } from './schema.ts';
import type { HasDb, Queryable } from './store.ts';
import { Together } from './together.ts';

/** Where a run stands, and one of its clients in it: what nearly everything that a client says begins with. */
export interface Standing {
  readonly run: RunRow;
  /** The newest round, if there is one; it may be over. */
  readonly round: RoundRow | null;
  /** Null: the run has no such client. */
  readonly client: ClientRow | null;
  /** The client's place in it, if it has one. */
  readonly member: MemberRow | null;
}

/** Reads {@link Standing} for all that ask at once by three statements. */
export class Standings {
  readonly #reading: Together<string, Standing>;

  constructor({ db }: HasDb) {
    this.#reading = new Together(async (run, clients) => {
      const standings = await readStandings(db, run, clients);
      return standings.map((answer) => ({ answer }));
    });
  }

  /** As it is after the call, read from rows. Throws `unknown-run`. */
  of(run: string, client: string): Promise<Standing> {
    return this.#reading.ask(run, client);
  }
}

export interface HasStandings {
  readonly standings: Standings;
}

async function readStandings(db: Queryable, id: string, ids: readonly string[]): Promise<Standing[]> {
  const [{ run, round }, rows] = await Promise.all([readRun(db, id), listClients(db, id, ids)]);
  // After the round, whose members are written together with it.
  const places = round === null ? [] : await listPlaces(db, id, round.round, ids);
  const clients = new Map(rows.map((row) => [row.id, row]));
  const members = new Map(places.map((place) => [place.client, place]));
  return ids.map((client) => ({
    run,
    round,
    client: clients.get(client) ?? null,
    member: members.get(client) ?? null,
  }));
}

/** A run and its newest round. Throws `unknown-run`. */
export async function readRun(db: Queryable, id: string): Promise<Pick<Standing, 'run' | 'round'>> {
  const [row] = await db
    .select({ run: runs, round: rounds })
    .from(runs)
    .leftJoin(rounds, eq(rounds.run, runs.id))
    .where(eq(runs.id, id))
    .orderBy(desc(rounds.round))
    .limit(1);
  return row ?? unknownRun(id);
}
