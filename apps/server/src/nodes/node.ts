import { sql } from 'drizzle-orm';
import type { FastifyBaseLogger } from 'fastify';
import type { HasAllowance, Open, Taken } from '../entry/allowance.ts';
import type { Newcomers } from '../entry/newcomers.ts';
import { outsideWorkflow } from '../live/background.ts';
import type { HasBus, Told } from '../live/bus.ts';
import type { HasPresence } from '../live/presence.ts';
import type { Traffic } from '../live/traffic.ts';
import { lockRound, openRound } from '../store/rows.ts';
import { members, nodes } from '../store/schema.ts';
import type { Sharing, Store } from '../store/store.ts';
import { Neighbours } from './neighbours.ts';
import { type Message, Wire } from './wire.ts';

/** A node that has not said for so long that it lives is taken for dead; in seconds of the database's clock. */
const lifeSeconds = 9;
const beatMs = 2_500;
/** Every so many beats the table is read, whatever was heard. */
const readEvery = 4;
/**
 * Who has not got through for so long takes nothing over at its next beat: it was the database that was away, or this
 * node, and the others must have the time to say that they live.
 */
const silentMs = 3 * beatMs;

export interface NodePorts extends HasBus, HasPresence, HasAllowance {
  readonly newcomers: Newcomers;
  readonly traffic: Traffic;
  /** Renews the leases of this node. */
  renew(): Promise<unknown>;
  /** Takes and drives what nobody drives. */
  driveFree(): Promise<void>;
  /** Whether this node drives a run. */
  drives(run: string): boolean;
  /** Ends the connection of a client that has connected elsewhere, by this tab; null: by which one is not known. */
  takeOver(socket: string, by: string | null): void;
  /** Ends all connections of clients; they come back by themselves. */
  disconnectAll(): void;
}

/**
 * This server among those that share its database: it says every 2.5 s that it lives, passes on what is told on its bus,
 * knows who is connected where, and takes over the clients and runs of a server that does not live any more.
 */
export class Node {
  readonly neighbours: Neighbours;
  readonly #store: Pick<Store, 'db' | 'node'>;
  readonly #log: FastifyBaseLogger;
  readonly #wire: Wire;
  #ports: NodePorts | null = null;
  #timer: NodeJS.Timeout | null = null;
  #beating: Promise<void> | null = null;
  #beats = 0;
  /** When it last got through, by a clock that is never set. */
  #heardAt = performance.now();
  #again = false;

  constructor(store: Pick<Store, 'db' | 'pool' | 'node'>, { session }: Sharing, log: FastifyBaseLogger) {
    this.#store = store;
    this.#log = log;
    this.#wire = new Wire(session, store.node, log);
    this.neighbours = new Neighbours(
      this.#wire,
      store.pool,
      store.node,
      (run, client) => this.#ports?.newcomers.addressOf(run, client) ?? null,
    );
  }

  /** For {@link Newcomers}: one has come here, or is none any more (null). */
  readonly tellNewcomer = (run: string, client: string, address: string | null): void =>
    this.#wire.send({ kind: 'newcomer', run, client, address });

  /** For {@link Allowance}: what was counted here. */
  readonly tellTaken = (taken: readonly Taken[]): void =>
    this.#wire.send({ kind: 'taken', taken: taken.map(([kind, key, count]) => [kind, key, count]) });

  /** For {@link Allowance}: what is open here. */
  readonly tellOpen = (open: readonly Open[]): void =>
    this.#wire.send({ kind: 'open', open: open.map(([address, count]) => [address, count]) });

  /**
   * Knows afterwards who is where, and beats by itself from then on. Before clients are restored, and before anything is
   * driven.
   */
  async join(ports: NodePorts): Promise<void> {
    this.#ports = ports;
    ports.bus.onTold((told) => {
      const message = messageOf(told);
      if (message) this.#wire.send(message);
    });
    this.#wire.listen(
      (from, message) => this.#hear(from, message),
      () => {
        // Not before the first beat, which reads it anyway.
        if (this.#beats > 0) this.#missed();
      },
    );
    await this.#beat();
    this.#next();
  }

  /** Others take over at once what was here. Nothing is told any more afterwards. */
  async leave(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#ports = null;
    await this.#beating;
    const { db, node } = this.#store;
    await db.update(nodes).set({ leaseUntil: sql`now()` }).where(sql`${nodes.id} = ${node}`);
    this.#wire.send({ kind: 'nodes' });
    await this.#wire.close();
  }

  #next(): void {
    if (!this.#ports) return;
    this.#timer = outsideWorkflow(() => setTimeout(() => this.#now(), beatMs));
    this.#timer.unref();
  }

  /** Beats now, and once more where one is under way. */
  #now(): void {
    if (this.#beating) {
      this.#again = true;
      return;
    }
    if (this.#timer) clearTimeout(this.#timer);
    this.#beating = this.#beat()
      .catch((error: unknown) => this.#log.warn({ err: error }, 'a node could not say that it lives'))
      .finally(() => {
        this.#beating = null;
        const again = this.#again;
        this.#again = false;
        if (again) this.#now();
        else this.#next();
      });
  }

  /** The session was away, or nodes have changed: the tables know more than was heard. */
  #missed(): void {
    this.#beats = 0;
    if (this.#ports) this.neighbours.tellAll(this.#ports.presence.seats);
    this.#now();
  }

  async #beat(): Promise<void> {
    const ports = this.#ports;
    if (!ports) return;
    const silent = performance.now() - this.#heardAt > silentMs;
    if (!(await this.#lives())) this.#reborn(ports);
    this.#heardAt = performance.now();
    await ports.renew();
    await this.neighbours.write();
    if (!silent) await this.#takeOver(ports);
    if (this.#beats++ % readEvery === 0) await this.#read(ports);
    await this.#flushTraffic(ports);
  }

  /** What was of nodes that live no more is this one's: their clients, and the runs that nobody drives. */
  async #takeOver(ports: NodePorts): Promise<void> {
    const { dead, clients } = await this.neighbours.adopt();
    for (const { run, client } of clients) {
      // Where it has come back here already, that stands.
      if (ports.presence.connection(run, client) === null) ports.presence.away(run, client);
    }
    if (dead) {
      this.#beats = 0;
      this.#wire.send({ kind: 'nodes' });
    }
    for (const run of new Set(clients.map((c) => c.run))) ports.bus.changed(run);
    await ports.driveFree();
  }

  /** Says so. False when others took this node for dead: it was suspended, or cut off. */
  async #lives(): Promise<boolean> {
    const { db, node } = this.#store;
    const until = sql`now() + make_interval(secs => ${lifeSeconds})`;
    const said = await db
      .update(nodes)
      .set({ leaseUntil: until })
      .where(sql`${nodes.id} = ${node}`)
      .returning({ id: nodes.id });
    if (said.length > 0) return true;
    await db.insert(nodes).values({ id: node, leaseUntil: until });
    return false;
  }

  /** Others have waited for its clients, and may have given them up: they begin anew. */
  #reborn(ports: NodePorts): void {
    this.#log.warn('Other servers took this one for dead, and have taken over what it did.');
    this.#beats = 0;
    ports.disconnectAll();
    this.#wire.send({ kind: 'nodes' });
  }

  async #read(ports: NodePorts): Promise<void> {
    const { found, changed } = await this.neighbours.read();
    for (const { run, client, address } of found) {
      if (address !== null) ports.newcomers.hear(run, client, address);
      this.#moved(ports, run, client, null);
    }
    for (const run of changed) ports.bus.hear(['changed', run]);
  }

  /** A client is at another node: what was of it here ends. */
  #moved({ presence, takeOver }: NodePorts, run: string, client: string, tab: string | null): void {
    const older = presence.moved(run, client);
    if (older !== null) takeOver(older, tab);
  }

  #hear(from: string, message: Message): void {
    const ports = this.#ports;
    if (!ports) return;
    this.neighbours.hear(from, message);
    switch (message.kind) {
      case 'changed':
      case 'deleted':
        ports.bus.hear([message.kind, message.run]);
        break;
      case 'logged':
        ports.bus.hear(['logged', message.run, message.event]);
        break;
      case 'operators':
        ports.bus.hear(['operators']);
        break;
      case 'dismissed':
        ports.bus.hear(['dismissed', message.run, message.client, message.why]);
        break;
      case 'here':
        this.#moved(ports, message.run, message.client, message.tab);
        break;
      case 'newcomer':
        ports.newcomers.hear(message.run, message.client, message.address);
        break;
      case 'taken':
        ports.allowance.hear(message.taken);
        break;
      case 'open':
        ports.allowance.hearOpen(from, message.open);
        break;
      case 'progress':
        ports.bus.hear(['progressed', message.run]);
        break;
      case 'nodes':
        this.#beats = 0;
        this.#now();
        break;
      case 'away':
      case 'gone':
        break;
      default:
        message satisfies never;
    }
  }

  /** Downloads from this node of runs that another one drives, which cannot know of them (design, `live/traffic.ts`). */
  async #flushTraffic({ traffic, drives }: NodePorts): Promise<void> {
    const { db } = this.#store;
    for (const run of traffic.runs) {
      if (drives(run)) continue;
      await db.transaction(async (tx) => {
        const open = await openRound(tx, run);
        if (!open) return;
        // As everybody who writes members: in turn.
        await lockRound(tx, run, open.round);
        const counted = JSON.stringify(
          [...traffic.takeAll(run)].map(([client, bytes]) => ({ client, bytes })),
        );
        await tx
          .update(members)
          .set({ bytesDown: sql`${members.bytesDown} + counted.bytes` })
          .from(sql`jsonb_to_recordset(${counted}::jsonb) as counted (client text, bytes bigint)`)
          .where(
            sql`${members.run} = ${run} and ${members.round} = ${open.round} and ${members.client} = counted.client`,
          );
      });
    }
  }
}

/** What others need to hear of what was told on the bus; progress goes with whose it is (`neighbours.ts`). */
function messageOf(told: Told): Message | null {
  switch (told[0]) {
    case 'changed':
    case 'deleted':
      return { kind: told[0], run: told[1] };
    case 'logged':
      return { kind: told[0], run: told[1], event: told[2] };
    case 'operators':
      return { kind: told[0] };
    case 'dismissed':
      return { kind: told[0], run: told[1], client: told[2], why: told[3] };
    case 'progressed':
      return null;
    default:
      return told satisfies never;
  }
}
