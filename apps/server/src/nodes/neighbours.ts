import type { Progress } from '@strata/fl-core/protocol';
import type pg from 'pg';
import type { Elsewhere, PresenceState } from '../live/presence.ts';
import type { Message, Wire } from './wire.ts';

interface Guest {
  readonly node: string;
  readonly connected: boolean;
  readonly progress: Progress | null;
}

/** A row of `presence` that is not written yet. */
interface Unwritten {
  readonly run: string;
  readonly client: string;
  readonly state: 'here' | 'away' | 'gone';
}

type OfClient = { readonly run: string; readonly client: string };

/** What is known of a client at another node, when that was read of the tables. */
type Read = OfClient & {
  readonly node: string;
  readonly connected: boolean;
  /** Of one that has not answered yet. */
  readonly address: string | null;
};

/** Progress of a client is told on so often at most, in milliseconds. */
const progressMs = 500;
const keyOf = (run: string, client: string): string => `${run}/${client}`;

/**
 * Clients of other nodes, as hints and the table `presence` tell; and what this node tells of its own. A client has one
 * row: the node that it connected to last, which also waits for it when it is away.
 */
export class Neighbours implements Elsewhere {
  readonly #wire: Wire;
  readonly #pool: pg.Pool;
  readonly #node: string;
  readonly #addressOf: (run: string, client: string) => string | null;
  #guests = new Map<string, Map<string, Guest>>();
  #unwritten = new Map<string, Unwritten>();
  /** Those of them that are being written now. */
  #inFlight: ReadonlyMap<string, Unwritten> = new Map();
  #writing: Promise<void> | null = null;
  /** When progress of a client was told last. */
  readonly #toldProgress = new Map<string, number>();
  /** What was heard while the table is read, which does not know it yet. */
  #meanwhile: [string, Message][] | null = null;

  /** @param addressOf where a client of this node comes from that has not answered yet; null for others. */
  constructor(
    wire: Wire,
    pool: pg.Pool,
    node: string,
    addressOf: (run: string, client: string) => string | null,
  ) {
    this.#wire = wire;
    this.#pool = pool;
    this.#node = node;
    this.#addressOf = addressOf;
  }

  state(run: string, client: string): PresenceState {
    const guest = this.#guests.get(run)?.get(client);
    if (!guest) return 'left';
    return guest.connected ? 'connected' : 'away';
  }

  connected(run: string): string[] {
    return [...(this.#guests.get(run) ?? [])].flatMap(([client, guest]) => (guest.connected ? [client] : []));
  }

  progress(run: string, client: string): Progress | null {
    return this.#guests.get(run)?.get(client)?.progress ?? null;
  }

  here(run: string, client: string, tab: string | null): void {
    this.#set(run, client, null);
    this.#tell({ kind: 'here', run, client, tab });
  }

  away(run: string, client: string): void {
    this.#tell({ kind: 'away', run, client });
  }

  gone(run: string, client: string): void {
    this.#toldProgress.delete(keyOf(run, client));
    this.#tell({ kind: 'gone', run, client });
  }

  progressed(run: string, client: string, progress: Progress): void {
    const key = keyOf(run, client);
    const now = performance.now();
    if (now - (this.#toldProgress.get(key) ?? Number.NEGATIVE_INFINITY) < progressMs) return;
    this.#toldProgress.set(key, now);
    this.#wire.send({ kind: 'progress', run, client, progress });
  }

  #tell(message: Extract<Message, { readonly kind: Unwritten['state'] }>): void {
    this.#wire.send(message);
    const { run, client, kind: state } = message;
    this.#unwritten.set(keyOf(run, client), { run, client, state });
    void this.write();
  }

  /** What another node says of a client of its own. */
  hear(from: string, message: Message): void {
    this.#meanwhile?.push([from, message]);
    switch (message.kind) {
      case 'here':
        this.#set(message.run, message.client, { node: from, connected: true, progress: null });
        break;
      case 'away':
        this.#change(from, message, { connected: false, progress: null });
        break;
      case 'progress':
        this.#change(from, message, { progress: message.progress });
        break;
      case 'gone':
        if (this.#of(from, message)) this.#set(message.run, message.client, null);
        break;
      default:
        break;
    }
  }

  /** What is known of a client, if it is at `node` as far as is known. */
  #of(node: string, { run, client }: OfClient): Guest | null {
    const guest = this.#guests.get(run)?.get(client);
    return guest?.node === node ? guest : null;
  }

  #change(from: string, of: OfClient, change: Partial<Guest>): void {
    const guest = this.#of(from, of);
    if (guest) this.#set(of.run, of.client, { ...guest, ...change });
  }

  #set(run: string, client: string, guest: Guest | null): void {
    const guests = this.#guests.get(run) ?? new Map<string, Guest>();
    if (guest) guests.set(client, guest);
    else guests.delete(client);
    if (guests.size > 0) this.#guests.set(run, guests);
    else this.#guests.delete(run);
  }

  /** Reads the table: who is at other nodes that live. Returns what was read, and the runs of which it is news. */
  async read(): Promise<{ readonly found: readonly Read[]; readonly changed: readonly string[] }> {
    // What the table says of a client whose row is being written may be older than what this node knows.
    const unsure = new Set([...this.#unwritten.keys(), ...this.#inFlight.keys()]);
    this.#meanwhile = [];
    try {
      const { rows } = await this.#pool.query<Read>(
        `select p.run, p.client, p.node, p.connected,
           case when c.proven then null else p.address end as address
         from presence p
         join nodes n on n.id = p.node and n.lease_until > now()
         left join clients c on c.run = p.run and c.id = p.client
         where p.node <> $1`,
        [this.#node],
      );
      const before = this.#guests;
      this.#guests = new Map();
      for (const key of [...this.#unwritten.keys(), ...this.#inFlight.keys()]) unsure.add(key);
      const found = rows.filter(({ run, client }) => !unsure.has(keyOf(run, client)));
      for (const [run, guests] of before) {
        for (const [client, guest] of guests)
          if (unsure.has(keyOf(run, client))) this.#set(run, client, guest);
      }
      for (const { run, client, node, connected } of found) {
        const known = before.get(run)?.get(client);
        const progress = known?.node === node ? known.progress : null;
        this.#set(run, client, { node, connected, progress });
      }
      const meanwhile = this.#meanwhile;
      this.#meanwhile = null;
      for (const [from, message] of meanwhile) this.hear(from, message);
      const runs = [...new Set([...before.keys(), ...this.#guests.keys()])];
      return {
        found,
        changed: runs.filter((run) => outlineOf(before.get(run)) !== outlineOf(this.#guests.get(run))),
      };
    } finally {
      this.#meanwhile = null;
    }
  }

  /** Whether another node that lives has the client or waits for it, by the table. */
  async has(run: string, client: string): Promise<boolean> {
    const { rows } = await this.#pool.query(
      `select from presence p join nodes n on n.id = p.node and n.lease_until > now()
       where p.run = $1 and p.client = $2 and p.node <> $3`,
      [run, client, this.#node],
    );
    return rows.length > 0;
  }

  /** Takes over the clients of nodes that are past their time. Returns them, and whether there was such a node. */
  async adopt(): Promise<{ readonly dead: boolean; readonly clients: OfClient[] }> {
    const { rows } = await this.#pool.query<{ run: string | null; client: string | null }>(
      `with dead as (delete from nodes where lease_until <= now() and id <> $1 returning id),
         adopted as (
           update presence p set node = $1, connected = false from dead
           where p.node = dead.id returning p.run, p.client
         )
       select a.run, a.client from dead left join adopted a on true`,
      [this.#node],
    );
    const clients = rows.flatMap(({ run, client }) =>
      run !== null && client !== null ? [{ run, client }] : [],
    );
    const once = new Map(clients.map((c) => [keyOf(c.run, c.client), c]));
    return { dead: rows.length > 0, clients: [...once.values()] };
  }

  /** Writes the rows of this node's clients that changed, in one go for all of a crowd; what fails is written later. */
  write(): Promise<void> {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = null;
    });
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    // A turn of the event loop, so that what happens together is written together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#unwritten.size > 0) {
      const batch = this.#unwritten;
      this.#unwritten = new Map();
      this.#inFlight = batch;
      try {
        await this.#writeRows([...batch.values()]);
      } catch {
        // The database is away: the next beat writes them.
        this.#unwritten = new Map([...batch, ...this.#unwritten]);
        return;
      } finally {
        this.#inFlight = new Map();
      }
    }
  }

  async #writeRows(rows: readonly Unwritten[]): Promise<void> {
    const of = (state: Unwritten['state']) => rows.filter((row) => row.state === state);
    const columns = (some: readonly OfClient[]) => [some.map((r) => r.run), some.map((r) => r.client)];
    const [here, away, gone] = [of('here'), of('away'), of('gone')];
    if (here.length > 0) {
      await this.#pool.query(
        `insert into presence (run, client, node, connected, address)
         select u.run, u.client, $3, true, u.address
         from unnest($1::text[], $2::text[], $4::text[]) u (run, client, address) join runs on runs.id = u.run
         on conflict (run, client) do update
           set node = excluded.node, connected = true, address = excluded.address`,
        [...columns(here), this.#node, here.map((r) => this.#addressOf(r.run, r.client))],
      );
    }
    if (away.length > 0) {
      await this.#pool.query(
        `insert into presence as p (run, client, node, connected)
         select u.run, u.client, $3, false from unnest($1::text[], $2::text[]) u (run, client) join runs on runs.id = u.run
         on conflict (run, client) do update set connected = false where p.node = $3`,
        [...columns(away), this.#node],
      );
    }
    if (gone.length > 0) {
      await this.#pool.query(
        `delete from presence p using unnest($1::text[], $2::text[]) u (run, client)
         where p.run = u.run and p.client = u.client and p.node = $3`,
        [...columns(gone), this.#node],
      );
    }
  }

  /** Tells of all that are at this node, as if they had just come: nobody may have heard. */
  tellAll(seats: readonly (OfClient & { readonly connected: boolean })[]): void {
    for (const { run, client, connected } of seats) {
      this.#tell(connected ? { kind: 'here', run, client, tab: null } : { kind: 'away', run, client });
    }
  }
}

/** Who is there, as a text to compare. */
const outlineOf = (guests: ReadonlyMap<string, Guest> = new Map()): string =>
  [...guests]
    .map(([client, { connected }]) => `${client} ${connected}`)
    .sort()
    .join();
