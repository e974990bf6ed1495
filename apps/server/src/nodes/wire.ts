import { ErrorBody, Id, Progress, RunEvent } from '@strata/fl-core/protocol';
import type { FastifyBaseLogger } from 'fastify';
import type pg from 'pg';
import { z } from 'zod';
import { outsideWorkflow } from '../live/background.ts';
import type { DatabaseLock } from '../store/database-lock.ts';

const ofClient = { run: Id, client: Id };

/** What servers of one database tell each other: hints. Who misses one finds it in the tables. */
const Message = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('changed'), run: Id }),
  z.object({ kind: z.literal('logged'), run: Id, event: RunEvent }),
  z.object({ kind: z.literal('deleted'), run: Id }),
  z.object({ kind: z.literal('operators') }),
  z.object({ kind: z.literal('dismissed'), ...ofClient, why: ErrorBody.nullable() }),
  z.object({ kind: z.literal('here'), ...ofClient, tab: z.string().nullable() }),
  z.object({ kind: z.literal('away'), ...ofClient }),
  z.object({ kind: z.literal('gone'), ...ofClient }),
  z.object({ kind: z.literal('progress'), ...ofClient, progress: Progress }),
  z.object({ kind: z.literal('newcomer'), ...ofClient, address: z.string().nullable() }),
  z.object({ kind: z.literal('taken'), taken: z.array(z.tuple([z.string(), z.string(), z.number().int()])) }),
  /** Of addresses with many connections, how many are open at who says so. */
  z.object({ kind: z.literal('open'), open: z.array(z.tuple([z.string(), z.number().int()])) }),
  /** Nodes, or who is at which, are not what they were. */
  z.object({ kind: z.literal('nodes') }),
]);
export type Message = z.infer<typeof Message>;

const Envelope = z.object({ node: z.string(), told: z.array(z.unknown()) });

const channel = 'strata_nodes';
/** What is told within so many milliseconds goes as one. */
const gatherMs = 5;
/** PostgreSQL lets a notification have 8,000 bytes. */
const mostBytes = 7_500;

/**
 * LISTEN and NOTIFY over the session that holds the lock of the database. What is told while the database is away is
 * lost; who listens is told when there is a new session ({@link onOpen}), and looks at the tables.
 */
export class Wire {
  readonly #lock: DatabaseLock;
  readonly #node: string;
  readonly #log: Pick<FastifyBaseLogger, 'warn'>;
  #outbox: Message[] = [];
  /** Runs of which it is in the outbox that they have changed. */
  readonly #changed = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(lock: DatabaseLock, node: string, log: Pick<FastifyBaseLogger, 'warn'>) {
    this.#lock = lock;
    this.#node = node;
    this.#log = log;
  }

  /** Begins to listen. `heard` gets what other nodes tell; `opened` is called when something may have been missed. */
  listen(heard: (from: string, message: Message) => void, opened: () => void): void {
    this.#lock.onSession(async (session: pg.Client) => {
      session.on('notification', ({ payload = '' }) => {
        if (!this.#closed) outsideWorkflow(() => this.#take(payload, heard));
      });
      await session.query(`listen ${channel}`);
      outsideWorkflow(opened);
    });
  }

  send(message: Message): void {
    if (this.#closed) return;
    if (message.kind === 'changed') {
      if (this.#changed.has(message.run)) return;
      this.#changed.add(message.run);
    }
    this.#outbox.push(message);
    this.#timer ??= outsideWorkflow(() => setTimeout(() => void this.flush(), gatherMs));
  }

  /** Sends what has gathered; resolves when it is sent, or lost. */
  async flush(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const told = this.#outbox;
    this.#outbox = [];
    this.#changed.clear();
    const { session } = this.#lock;
    if (!session) return;
    try {
      const sent = payloads(this.#node, told).map((payload) =>
        session.query('select pg_notify($1, $2)', [channel, payload]),
      );
      await Promise.all(sent);
    } catch (error) {
      this.#log.warn({ err: error }, 'other servers were not told');
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.flush();
  }

  #take(payload: string, heard: (from: string, message: Message) => void): void {
    const { node, told } = Envelope.parse(JSON.parse(payload));
    if (node === this.#node) return;
    for (const one of told) {
      // Of a node of another version there may be more.
      const message = Message.safeParse(one);
      if (message.success) heard(node, message.data);
    }
  }
}

/** Envelopes that each fit into a notification, in order. */
export function payloads(node: string, told: readonly Message[]): string[] {
  const lots: string[][] = [];
  let room = 0;
  for (const message of told) {
    const text = JSON.stringify(message);
    const bytes = Buffer.byteLength(text) + 1;
    if (bytes > mostBytes) continue; // a hint that is missed is found in the tables
    if (bytes > room) {
      lots.push([]);
      room = mostBytes;
    }
    lots.at(-1)?.push(text);
    room -= bytes;
  }
  return lots.map((texts) => `{"node":${JSON.stringify(node)},"told":[${texts.join(',')}]}`);
}
