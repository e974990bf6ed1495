import { isDeepStrictEqual } from 'node:util';
import { type ClientAuth, type Hello, StrataError, saidTo } from '@strata/fl-core/protocol';
import { and, eq, sql } from 'drizzle-orm';
import type { HasAllowance } from '../entry/allowance.ts';
import type { HasNewcomers } from '../entry/newcomers.ts';
import { hashSecret } from '../entry/secrets.ts';
import type { HasLimits } from '../limits.ts';
import type { HasBus } from '../live/bus.ts';
import { type ClientRow, getRun, listClients, type RunRow, unknownClient } from '../store/rows.ts';
import { clients } from '../store/schema.ts';
import type { HasStandings } from '../store/standings.ts';
import type { HasDb, Queryable } from '../store/store.ts';
import { type Outcome, outcomeOf, settled, Together } from '../store/together.ts';
import type { HasEvents, LogLine } from '../views/event-log.ts';
import { authenticate, authenticated, banned, clientLeft } from './clients.ts';
import { wayIn } from './invitations.ts';

type AdmissionPorts = HasDb &
  HasBus &
  HasEvents &
  HasAllowance &
  HasNewcomers &
  HasStandings &
  HasLimits<'clientsPerRun' | 'registrationsPerRun'>;

/** Somebody at the door. */
interface Comer {
  readonly auth: ClientAuth;
  readonly address: string;
}

/** A hello that is not on record yet. */
interface Introduction {
  readonly client: string;
  readonly hello: Hello;
  /** Of one that is new, or had left. */
  readonly line: LogLine | null;
}

/** How clients come in: a crowd that comes at once is let in lot by lot, each by a few statements. */
export class Admission {
  readonly #ports: AdmissionPorts;
  readonly #comers: Together<Comer, ClientRow>;
  readonly #introductions: Together<Introduction, void>;

  constructor(ports: AdmissionPorts) {
    this.#ports = ports;
    this.#comers = new Together((run, comers) => this.#admit(run, comers));
    this.#introductions = new Together((run, introductions) => this.#record(run, introductions));
  }

  /**
   * Registers an id at its first connection, if it is invited and there is room; later ones must bring the same secret.
   * Throws `rate-limited`, `unknown-run`, `not-invited`, `unauthorized`, `banned` or `unavailable`.
   */
  async register(auth: ClientAuth, address: string): Promise<ClientRow> {
    this.#ports.allowance.connect(address, auth.run, auth.client);
    return this.#comers.ask(auth.run, { auth, address });
  }

  async #admit(runId: string, comers: readonly Comer[]): Promise<Outcome<ClientRow>[]> {
    const { db } = this.#ports;
    const ids = comers.map(({ auth }) => auth.client);
    const [run, rows] = await Promise.all([getRun(db, runId), listClients(db, runId, ids)]);
    const known = new Map(rows.map((row) => [row.id, row]));
    const outcomes = await this.#add(
      run,
      comers.filter(({ auth }) => !known.has(auth.client)),
    );
    for (const comer of comers) {
      const row = known.get(comer.auth.client);
      if (row) outcomes.set(comer, await settled(() => this.#comesBack(row, comer)));
    }
    return comers.map((comer) => outcomes.get(comer) ?? { error: noRoom() });
  }

  async #comesBack(row: ClientRow, { auth, address }: Comer): Promise<ClientRow> {
    const { run, client, secret } = auth;
    const known = authenticated(row, run, client, secret);
    if (!known.proven) await makeRoom(this.#ports, run, client, address);
    return known;
  }

  /** Adds those whom the run has not seen yet. */
  async #add(run: RunRow, comers: readonly Comer[]): Promise<Map<Comer, Outcome<ClientRow>>> {
    const { db, allowance, newcomers } = this.#ports;
    const outcomes = new Map<Comer, Outcome<ClientRow>>();
    const byLink: Comer[] = [];
    const byInvitation: Comer[] = [];
    const full = comers.length > 0 && (await isFull(this.#ports, run.id));
    for (const comer of comers) {
      const { auth, address } = comer;
      const asked = await settled(async () => {
        const invitation = await wayIn(db, run, auth.key);
        allowance.register(address, run.id);
        if (full) throw noRoom();
        await makeRoom(this.#ports, run.id, auth.client, address);
        return invitation;
      });
      if ('error' in asked) outcomes.set(comer, asked);
      else (asked.answer === null ? byLink : byInvitation).push(comer);
    }
    try {
      const made = await insert(
        db,
        byLink.map(({ auth }) => rowOf(run, auth, null)),
      );
      for (const comer of byLink) outcomes.set(comer, await settled(() => this.#own(comer, made)));
      for (const comer of byInvitation) outcomes.set(comer, await settled(() => this.#invited(run, comer)));
    } finally {
      const added = new Set([...outcomes].flatMap(([{ auth }, o]) => ('answer' in o ? [auth.client] : [])));
      for (const { auth } of [...byLink, ...byInvitation]) {
        if (!added.has(auth.client)) newcomers.leave(run.id, auth.client);
      }
    }
    return outcomes;
  }

  async #invited(run: RunRow, comer: Comer): Promise<ClientRow> {
    const { auth } = comer;
    const made = await this.#ports.db.transaction(async (tx) => {
      // Again, and for good: of two who come by the last place of an invitation one has it.
      const invitation = await wayIn(tx, run, auth.key);
      return insert(tx, [rowOf(run, auth, invitation)]);
    });
    return this.#own(comer, made);
  }

  /** A comer's row among those just made; where somebody was first with its id, it has to have the same secret. */
  async #own({ auth }: Comer, made: readonly ClientRow[]): Promise<ClientRow> {
    const { run, client, secret } = auth;
    const row = made.find(({ id }) => id === client);
    return row ? authenticated(row, run, client, secret) : authenticate(this.#ports, run, client, secret);
  }

  /**
   * The client introduces itself, again after every connection; one that says what is known already changes nothing.
   * @returns whether something changed. Throws `bad-message`.
   */
  async sayHello(runId: string, id: string, said: Hello): Promise<boolean> {
    const { run, client: before } = await this.#ports.standings.of(runId, id);
    const { sealing } = run.config.aggregation;
    // A client that says more than it should is not put on record with it.
    const hello = saidTo(sealing, said);
    if (before?.banned) throw banned();
    if (before && !before.left && isDeepStrictEqual(before.hello, hello)) return false;
    const samples = sealing.kind === 'open' ? ` with ${hello.samples} samples` : '';
    const name = hello.name || id;
    const came: LogLine = before?.awaitsApproval
      ? { kind: 'client-waits', client: id, message: `${name} waits for the operator to let it in.` }
      : {
          kind: 'client-joined',
          client: id,
          message: `${name} joined${samples} on ${hello.device.backend}.`,
        };
    const line = !before?.hello || before.left ? came : null;
    await this.#introductions.ask(runId, { client: id, hello, line });
    return true;
  }

  async #record(run: string, introductions: readonly Introduction[]): Promise<Outcome<void>[]> {
    const { db, events } = this.#ports;
    // Of two of one client, the later one is what it is.
    const newest = [...new Map(introductions.map((said) => [said.client, said])).values()];
    const said = JSON.stringify(newest.map(({ client, hello }) => ({ client, hello })));
    const rows = await db
      .update(clients)
      .set({ hello: sql`said.hello`, left: false })
      .from(sql`jsonb_to_recordset(${said}::jsonb) as said (client text, hello jsonb)`)
      .where(and(eq(clients.run, run), sql`${clients.id} = said.client`))
      .returning({ id: clients.id });
    const there = new Set(rows.map(({ id }) => id));
    await events.addAll(
      run,
      newest.flatMap(({ client, line }) => (there.has(client) && line ? [line] : [])),
    );
    return introductions.map(({ client }) =>
      outcomeOf(() => {
        if (!there.has(client)) unknownClient(run, client);
      }),
    );
  }
}

const rowOf = (run: RunRow, { client: id, secret }: ClientAuth, invitation: string | null) => ({
  run: run.id,
  id,
  secretHash: hashSecret(secret),
  invitation,
  awaitsApproval: run.config.approval,
});

/** Those of them that were made: of an id that is there already none. */
async function insert(tx: Queryable, rows: readonly ReturnType<typeof rowOf>[]): Promise<ClientRow[]> {
  if (rows.length === 0) return [];
  return tx
    .insert(clients)
    .values([...rows])
    .onConflictDoNothing()
    .returning();
}

/** Lets a client in among those that have not answered yet; another one may have to go for it. */
async function makeRoom(
  ports: HasDb & HasBus & HasEvents & HasNewcomers,
  run: string,
  id: string,
  address: string,
): Promise<void> {
  const loser = ports.newcomers.enter(run, id, address);
  if (loser === null) return;
  await clientLeft(ports, run, loser, 'gave way to a newcomer from elsewhere, having answered nothing yet');
  ports.bus.dismissed(run, loser, null);
}

/** Throws `unavailable` where a run has as many participants as it may have. */
export async function checkSeats(
  ports: HasDb & HasLimits<'clientsPerRun' | 'registrationsPerRun'>,
  run: string,
): Promise<void> {
  if (await isFull(ports, run)) throw noRoom();
}

/** Seats are of those who have answered: who comes in takes none yet. */
async function isFull(
  { db, limits }: HasDb & HasLimits<'clientsPerRun' | 'registrationsPerRun'>,
  run: string,
): Promise<boolean> {
  const [count] = await db
    .select({
      all: sql<number>`count(*)::int`,
      present: sql<number>`(count(*) filter (where not ${clients.left}))::int`,
    })
    .from(clients)
    .where(and(eq(clients.run, run), clients.proven));
  if (!count) return false;
  return count.present >= limits.clientsPerRun || count.all >= limits.registrationsPerRun;
}

const noRoom = (): StrataError =>
  new StrataError('unavailable', 'This run has no room for another participant.', 'Try again later.');
