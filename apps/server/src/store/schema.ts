import type {
  Checkpoint,
  DrawnFrom,
  Evaluated,
  Hello,
  Phase,
  RunConfig,
  RunState,
  StepTimesMessage,
} from '@strata/fl-core/protocol';
import type { SelectionHistory } from '@strata/fl-core/selection';
import {
  bigint,
  bigserial,
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';

/** The database: the truth about runs, rounds and members. Tensors are in the blob store, named here by hash. */

const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

export const runs = pgTable('runs', {
  id: text('id').primaryKey(),
  config: jsonb('config').$type<RunConfig>().notNull(),
  /** Files the model needs beside its weights: role -> sha256. */
  assets: jsonb('assets').$type<Record<string, string>>().notNull(),
  state: text('state').$type<RunState>().notNull(),
  /** Why the run failed or was stopped; empty otherwise. */
  reason: text('reason').notNull().default(''),
  committedRound: integer('committed_round').notNull().default(0),
  createdAt: at('created_at').notNull().defaultNow(),
  startedAt: at('started_at'),
  endedAt: at('ended_at'),
  /** What cohorts are drawn with (R11): secret until the run is over, unless its configuration says it. */
  sampling: text('sampling').notNull(),
  /** The secret of the join link. */
  joinKey: text('join_key').notNull(),
});

/** Committed global models; round 0 is the model the run started from. */
export const checkpoints = pgTable(
  'checkpoints',
  {
    run: text('run')
      .notNull()
      .references(() => runs.id, { onDelete: 'cascade' }),
    round: integer('round').notNull(),
    layers: jsonb('layers').$type<Checkpoint['layers']>().notNull(),
    createdAt: at('created_at').notNull().defaultNow(),
    /** State of the server optimizer, one blob a layer that was ever trained; null when it keeps none. */
    optimizer: jsonb('optimizer').$type<Checkpoint['layers']>(),
  },
  (t) => [primaryKey({ columns: [t.run, t.round] })],
);

export const rounds = pgTable(
  'rounds',
  {
    run: text('run')
      .notNull()
      .references(() => runs.id, { onDelete: 'cascade' }),
    round: integer('round').notNull(),
    phase: text('phase').$type<Phase>().notNull(),
    /** Absolute end of the present phase (R2); null where it has none. */
    deadline: at('deadline'),
    /** Checkpoint the round started from. */
    baseRound: integer('base_round').notNull(),
    /** Aggregated, not yet committed model: what `evaluating` looks at. */
    candidate: jsonb('candidate').$type<Checkpoint['layers']>(),
    /** When each phase began, in milliseconds since the epoch. */
    began: jsonb('began').$type<Partial<Record<Phase, number>>>().notNull(),
    /** Solver's account of the selection: objective, bound, proved. */
    selection: jsonb('selection').$type<{ objective?: number; bound?: number; proved?: boolean }>(),
    e1: jsonb('e1').$type<number>(),
    e2: jsonb('e2').$type<number>(),
    reason: text('reason').notNull().default(''),
    openedAt: at('opened_at').notNull().defaultNow(),
    closedAt: at('closed_at'),
    /** The server optimizer's state beside the candidate. */
    optimizer: jsonb('optimizer').$type<Checkpoint['layers']>(),
    /** What the strategy remembers after this round. */
    history: jsonb('history').$type<SelectionHistory>(),
    /** Diagnostics of the masks (docs/design.md, 7). */
    agreement: jsonb('agreement').$type<number>(),
    covered: jsonb('covered').$type<number>(),
    effectiveClients: jsonb('effective_clients').$type<Record<string, number>>(),
  },
  (t) => [primaryKey({ columns: [t.run, t.round] })],
);

/** The cohort of a round and what each member has answered so far. */
export const members = pgTable(
  'members',
  {
    run: text('run').notNull(),
    round: integer('round').notNull(),
    client: text('client').notNull(),
    /** Training samples declared before the round opened. */
    samples: integer('samples').notNull(),
    budget: jsonb('budget').$type<number>().notNull(),
    scores: jsonb('scores').$type<Record<string, number>>(),
    mask: jsonb('mask').$type<string[]>(),
    /** Hash and size of the spooled update. */
    update: text('update'),
    updateBytes: bigint('update_bytes', { mode: 'number' }),
    trainLoss: jsonb('train_loss').$type<number>(),
    evaluation: jsonb('evaluation').$type<Omit<Evaluated, 'round'>>(),
    left: boolean('left').notNull().default(false),
    bytesDown: bigint('bytes_down', { mode: 'number' }).notNull().default(0),
    /** Moving average of the client's scores up to this round; null when it was not probed, or keeps the newest only. */
    smoothed: jsonb('smoothed').$type<Record<string, number>>(),
    /** What a step takes on this client, and steps a round: measured by the probe where costs are milliseconds. */
    times: jsonb('times').$type<StepTimesMessage>(),
    steps: integer('steps'),
    /** Cost of the mask, in the unit of the run's budget. */
    cost: jsonb('cost').$type<number>(),
    /** From the beginning of training until the update was counted; for one that never came, twice the phase. */
    seconds: jsonb('seconds').$type<number>(),
    /** Training samples that the newest answer is said to stand for; null before there is one. */
    claimed: integer('claimed'),
    /** Held-out samples declared before the round opened. */
    heldOut: integer('held_out').notNull(),
    /** Rounds in a row, before this one, that the client was asked in and answered nothing. */
    missed: integer('missed').notNull().default(0),
    /** A phase of the round closed without its answer. */
    late: boolean('late').notNull().default(false),
  },
  (t) => [
    primaryKey({ columns: [t.run, t.round, t.client] }),
    index('members_run_client').on(t.run, t.client, t.round),
  ],
);

/** Whom the cohort of a round was drawn from; apart from the round, because it names every client that was ready. */
export const draws = pgTable(
  'draws',
  {
    run: text('run')
      .notNull()
      .references(() => runs.id, { onDelete: 'cascade' }),
    round: integer('round').notNull(),
    drawnFrom: jsonb('drawn_from').$type<DrawnFrom>().notNull(),
  },
  (t) => [primaryKey({ columns: [t.run, t.round] })],
);

export const clients = pgTable(
  'clients',
  {
    run: text('run')
      .notNull()
      .references(() => runs.id, { onDelete: 'cascade' }),
    id: text('id').notNull(),
    /** sha256 of the client's secret; the secret itself is never stored. */
    secretHash: text('secret_hash').notNull(),
    /** Null until the client has said hello. */
    hello: jsonb('hello').$type<Hello>(),
    paused: boolean('paused').notNull().default(false),
    left: boolean('left').notNull().default(false),
    joinedAt: at('joined_at').notNull().defaultNow(),
    /** Has answered a round: has a seat of the run, and is remembered when it leaves. */
    proven: boolean('proven').notNull().default(false),
    /** Sent away by the operator for good. */
    banned: boolean('banned').notNull().default(false),
  },
  (t) => [primaryKey({ columns: [t.run, t.id] })],
);

export const events = pgTable(
  'events',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    run: text('run')
      .notNull()
      .references(() => runs.id, { onDelete: 'cascade' }),
    at: at('at').notNull().defaultNow(),
    level: text('level').$type<'info' | 'warning' | 'error'>().notNull(),
    kind: text('kind').notNull(),
    message: text('message').notNull(),
    round: integer('round'),
    client: text('client'),
    /** Whose doing it is; the lines of each are pruned by their own number. */
    source: text('source').$type<'operator' | 'run' | 'participant'>().notNull().default('run'),
  },
  (t) => [index('events_run_id').on(t.run, t.id)],
);
