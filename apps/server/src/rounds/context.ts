import type { Catalog, Checkpoint, ImportedModel, ModelId, RunConfig } from '@strata/fl-core/protocol';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { FastifyBaseLogger } from 'fastify';
import type { BlobStore } from '../store/blobs.ts';
import type * as schema from '../store/schema.ts';
import type { Background } from './background.ts';
import type { Bus } from './bus.ts';
import type { SharedLock } from './lock.ts';
import type { Presence } from './presence.ts';
import type { Traffic } from './traffic.ts';

export type Database = NodePgDatabase<typeof schema>;
/** The database or a transaction on it. */
export type Queryable = Pick<
  Database,
  'select' | 'selectDistinctOn' | 'insert' | 'update' | 'delete' | 'execute'
>;

/** Where models come from. */
export interface ModelSource {
  /** What there is at the source of an imported model; throws `bad-model`, `too-large`, `unavailable`. */
  resolve(model: ImportedModel): Promise<ImportedModel>;
  /** Puts the initial layers into the blob store; throws `bad-model`. */
  load(config: RunConfig): Promise<{ layers: Checkpoint['layers']; assets: Record<string, string> }>;
  availability(id: ModelId): Promise<Pick<Catalog['models'][number], 'availability' | 'note'>>;
}

/** Bounds on what grows; see `defaultLimits` for what each is. */
export interface Limits {
  readonly graceMs: number;
  readonly helloTimeoutMs: number;
  readonly updateBytes: number;
  readonly clientsPerRun: number;
  readonly registrationsPerRun: number;
  readonly runs: number;
  readonly eventsPerRun: number;
  readonly keptCheckpoints: number;
}

export const defaultLimits: Limits = {
  /** How long a client without a connection still belongs to its round. */
  graceMs: 30_000,
  /** How long a socket may stay silent before its hello. */
  helloTimeoutMs: 15_000,
  /** Largest update that is taken, whatever the model. */
  updateBytes: 512 * 2 ** 20,
  /** Clients of a run that are connected or away. */
  clientsPerRun: 1_000,
  /** Clients a run may ever have had. */
  registrationsPerRun: 20_000,
  runs: 500,
  eventsPerRun: 10_000,
  /** Newest checkpoints whose blobs are kept, beside round 0. */
  keptCheckpoints: 3,
};

/** What every part of the round engine works with. */
export interface Context {
  readonly db: Database;
  readonly blobs: BlobStore;
  readonly models: ModelSource;
  readonly bus: Bus;
  readonly presence: Presence;
  readonly traffic: Traffic;
  /** See {@link SharedLock}: held shared while a blob is written and named. */
  readonly naming: SharedLock;
  /** Runs whose workflow has been woken and has not looked yet. */
  readonly woken: Set<string>;
  readonly background: Background;
  readonly limits: Limits;
  readonly log: FastifyBaseLogger;
}
