import type {
  Checkpoint,
  DrawnFrom,
  Evaluated,
  Hello,
  KeptStates,
  ModelTest,
  Phase,
  Role,
  RoundSummary,
  RunConfig,
  RunState,
  SpentView,
  StepTimesMessage,
} from '@strata/fl-core/protocol';
import type { RoundPrivacy } from '@strata/fl-core/rounds/spending';
import type { Given, SealedResult } from '@strata/fl-core/rounds/types';
import type { Ready, Released, Shared } from '@strata/fl-core/sealing/messages';
import type { SelectionHistory } from '@strata/fl-core/selection';
import type { PublicIdentity, UpdateSignature } from '@strata/fl-core/signing/messages';
import {
  bigint,
  bigserial,
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
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
  /** What participants said that they had spent, written down when their answers were erased; null before. */
  spent: jsonb('spent').$type<SpentView>(),
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
    optimizer: jsonb('optimizer').$type<KeptStates>(),
    /** How it did on data of an operator's, the newest time; null: nobody has tried. */
    test: jsonb('test').$type<ModelTest>(),
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
    /** Solver's account of the selection: objective, bound, proved, lambda in units of the mean score; or the head's warm start. */
    selection: jsonb('selection').$type<{
      objective?: number;
      bound?: number;
      proved?: boolean;
      warmUp?: boolean;
      lambda?: number;
    }>(),
    e1: jsonb('e1').$type<number>(),
    e2: jsonb('e2').$type<number>(),
    reason: text('reason').notNull().default(''),
    openedAt: at('opened_at').notNull().defaultNow(),
    closedAt: at('closed_at'),
    /** The server optimizer's state beside the candidate. */
    optimizer: jsonb('optimizer').$type<KeptStates>(),
    /** What the strategy remembers after this round. */
    history: jsonb('history').$type<SelectionHistory>(),
    /** Diagnostics of the masks (docs/design.md, 7). */
    agreement: jsonb('agreement').$type<number>(),
    covered: jsonb('covered').$type<number>(),
    effectiveClients: jsonb('effective_clients').$type<Record<string, number>>(),
    /** What the round has released with noise, and what the run had spent with that; null without differential privacy. */
    privacy: jsonb('privacy').$type<RoundPrivacy>(),
    /** What the sums of a sealed round said; null before its commit, and of other rounds. */
    sealed: jsonb('sealed').$type<SealedResult>(),
    /** What the cohort measured of the committed model on held-out data; null where nobody did. */
    heldOut: jsonb('held_out').$type<{ loss: number; accuracy: number }>(),
    /** What it came to, written down when the answers of its cohort were erased; null before. */
    summary: jsonb('summary').$type<RoundSummary>(),
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
    /**
     * From the beginning of training until the update was counted; of a part, what all of it would have taken; for one that
     * never came, twice the phase.
     */
    seconds: jsonb('seconds').$type<number>(),
    /** Training samples that the newest answer is said to stand for; null before there is one. */
    claimed: integer('claimed'),
    /** Held-out samples declared before the round opened. */
    heldOut: integer('held_out').notNull(),
    /** Rounds in a row, before this one, that the client was asked in and answered nothing. */
    missed: integer('missed').notNull().default(0),
    /** A phase of the round closed without its answer. */
    late: boolean('late').notNull().default(false),
    /** L2 norm of the update. */
    updateLength: jsonb('update_length').$type<number>(),
    /** Of a time-boxed round: optimizer steps that it is asked for, and those behind its update that count. */
    stepsAsked: integer('steps_asked'),
    stepsDone: integer('steps_done'),
    /** Who has signed the update; null where the client has no key. */
    signature: jsonb('signature').$type<UpdateSignature>(),
    /** Under differential privacy of each sample: what the client says it has spent, its update included. */
    claimedEpsilon: doublePrecision('claimed_epsilon'),
    /** Of a buffered run: what it works on, as it was handed out; null before, and in other runs. */
    given: jsonb('given').$type<Given>(),
    /** Of a buffered run: how often the layers of its update had been changed since its copy, in the mean. */
    staleness: doublePrecision('staleness'),
  },
  (t) => [
    primaryKey({ columns: [t.run, t.round, t.client] }),
    index('members_run_client').on(t.run, t.client, t.round),
  ],
);

/**
 * What members of a sealed round say in its exchange; what of a member is read along with it, is whether it has said it.
 * Of a round that is over the shares are forgotten.
 */
export const sealings = pgTable(
  'sealings',
  {
    run: text('run')
      .notNull()
      .references(() => runs.id, { onDelete: 'cascade' }),
    round: integer('round').notNull(),
    client: text('client').notNull(),
    /** Its keys, once it has trained. */
    ready: jsonb('ready').$type<Ready>().notNull(),
    shared: jsonb('shared').$type<Shared>(),
    released: jsonb('released').$type<Released>(),
  },
  (t) => [
    primaryKey({ columns: [t.run, t.round, t.client] }),
    index('sealings_run_client').on(t.run, t.client),
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

/** Invitations to a run, beside its join link. */
export const invitations = pgTable(
  'invitations',
  {
    id: text('id').primaryKey(),
    run: text('run')
      .notNull()
      .references(() => runs.id, { onDelete: 'cascade' }),
    /** sha256 of the secret in its link; the secret itself is never stored. */
    hash: text('hash').notNull(),
    /** Whose it is; empty where it is nobody's in particular. */
    site: text('site').notNull(),
    /** So many participants may come by it. */
    uses: integer('uses').notNull(),
    createdBy: text('created_by').notNull(),
    createdAt: at('created_at').notNull().defaultNow(),
    expiresAt: at('expires_at').notNull(),
    revokedAt: at('revoked_at'),
  },
  (t) => [uniqueIndex('invitations_hash').on(t.hash)],
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
    /** By which invitation it came; null: by the join link. */
    invitation: text('invitation').references(() => invitations.id, { onDelete: 'set null' }),
    /** New to a run that asks for the operator's approval, and not let in yet. */
    awaitsApproval: boolean('awaits_approval').notNull().default(false),
    /** The key of its first signed update: all that follow are signed by it. */
    signingKey: jsonb('signing_key').$type<PublicIdentity>(),
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

/** Who operates the server. */
export const accounts = pgTable(
  'accounts',
  {
    name: text('name').primaryKey(),
    role: text('role').$type<Role>().notNull(),
    /** As `entry/operators/passwords.ts` writes it: the password itself is never stored. Null: it has none. */
    password: text('password'),
    /** Who made it; empty for the first. */
    createdBy: text('created_by').notNull(),
    createdAt: at('created_at').notNull().defaultNow(),
    /** Of who signs in by an identity provider, by which they are known again; null for others. */
    issuer: text('issuer'),
    subject: text('subject'),
  },
  (t) => [uniqueIndex('accounts_subject').on(t.issuer, t.subject)],
);

/** Tokens of programs. */
export const apiTokens = pgTable(
  'api_tokens',
  {
    id: text('id').primaryKey(),
    /** sha256 of the token; the token itself is never stored. */
    hash: text('hash').notNull(),
    name: text('name').notNull(),
    role: text('role').$type<Role>().notNull(),
    /** Who made it, and what it ends with; null: a program with OPERATOR_TOKEN. */
    account: text('account').references(() => accounts.name, { onDelete: 'cascade' }),
    createdAt: at('created_at').notNull().defaultNow(),
    expiresAt: at('expires_at').notNull(),
    revokedAt: at('revoked_at'),
    usedAt: at('used_at'),
  },
  (t) => [uniqueIndex('api_tokens_hash').on(t.hash)],
);

/** Pages that are logged in: by an account, a token, or OPERATOR_TOKEN (`program`: its sha256). */
export const sessions = pgTable('sessions', {
  /** sha256 of the cookie's value. */
  hash: text('hash').primaryKey(),
  account: text('account').references(() => accounts.name, { onDelete: 'cascade' }),
  token: text('token').references(() => apiTokens.id, { onDelete: 'cascade' }),
  program: text('program'),
  createdAt: at('created_at').notNull().defaultNow(),
  /** To some minutes. */
  usedAt: at('used_at').notNull().defaultNow(),
});

/** The chain of what operators decided and which models were committed; the database refuses changes of it. */
export const audit = pgTable('audit', {
  /** 1, 2, 3 and so on. */
  seq: bigint('seq', { mode: 'number' }).primaryKey(),
  at: at('at').notNull(),
  who: text('who').notNull(),
  kind: text('kind').notNull(),
  run: text('run'),
  details: jsonb('details').$type<Record<string, string>>().notNull(),
  previous: text('previous').notNull(),
  hash: text('hash').notNull(),
});

/** Who drives a run, and the fence that each of its transitions demands; `engine/leases.ts`. */
export const leases = pgTable('leases', {
  run: text('run')
    .primaryKey()
    .references(() => runs.id, { onDelete: 'cascade' }),
  owner: text('owner').notNull(),
  /** By the database's clock; `infinity`: of a server that has the database to itself. */
  leaseUntil: at('lease_until').notNull(),
  /** Rises with each owner. */
  fence: bigint('fence', { mode: 'number' }).notNull(),
});

/** Servers that share this database. */
export const nodes = pgTable('nodes', {
  id: text('id').primaryKey(),
  leaseUntil: at('lease_until').notNull(),
});

/** Which node a client is connected to, or was last. */
export const presence = pgTable(
  'presence',
  {
    run: text('run')
      .notNull()
      .references(() => runs.id, { onDelete: 'cascade' }),
    client: text('client').notNull(),
    node: text('node').notNull(),
    /** False: the node waits for it to come back. */
    connected: boolean('connected').notNull(),
    /** Where it came from, for the rules about newcomers; null when not known. */
    address: text('address'),
  },
  (t) => [primaryKey({ columns: [t.run, t.client] })],
);

/** The folder that all nodes keep blobs in, by the id that is written in it: one row at most. */
export const sharedFolder = pgTable('shared_folder', { id: text('id').primaryKey() });
