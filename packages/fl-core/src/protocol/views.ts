import { z } from 'zod';
import { TaskName } from '../tasks/index.ts';
import { DeviceInfo, Progress } from './messages.ts';
import { Checkpoint, Id, LayerName, Phase, RunConfig, RunState } from './run.ts';

/** What the dashboard shows: the answers of the operator's routes and the pushes of the operators' channel. */

const Millis = z.number().int(); // since the epoch
const ByLayer = z.record(LayerName, z.number());

export const ClientView = z.object({
  id: Id,
  name: z.string(),
  /** Whose invitation it came by; empty where that says nobody. */
  site: z.string(),
  /** connected: has a socket; away: lost it less than the grace period ago; left: gone. */
  presence: z.enum(['connected', 'away', 'left']),
  paused: z.boolean(),
  /** Sent away by the operator for good, unless it is admitted again. */
  banned: z.boolean(),
  /** Takes no part until an operator has let it in. */
  awaitsApproval: z.boolean(),
  device: DeviceInfo,
  samples: z.number().int(),
  heldOut: z.number().int(),
  joinedAt: Millis,
  progress: Progress.nullable(),
});
export type ClientView = z.infer<typeof ClientView>;

export const RoundSeconds = z.object({
  probing: z.number(),
  selecting: z.number(),
  training: z.number(),
  /** The three of a sealed round; 0 in others. */
  sealing: z.number(),
  uploading: z.number(),
  unmasking: z.number(),
  aggregating: z.number(),
  evaluating: z.number(),
});
export type RoundSeconds = z.infer<typeof RoundSeconds>;

/** A number of samples that a client claims, and what of it counts in means. */
const Weight = z.object({
  claimed: z.number().int(),
  counted: z.number().int(),
  /** Less counts than is claimed: it is more than was declared, or than the cohort's median allows. */
  bound: z.enum(['declared', 'median']).nullable(),
});
export type Weight = z.infer<typeof Weight>;

/** One line of a run's history; small, whatever the number of clients. */
export const RoundSummary = z.object({
  round: z.number().int(),
  phase: Phase,
  /** When the phase closes at the latest; null outside probing, training and evaluating. */
  deadline: Millis.nullable(),
  openedAt: Millis,
  closedAt: Millis.nullable(),
  /** Why the round was abandoned; empty otherwise. */
  reason: z.string(),
  cohort: z.number().int(),
  updates: z.number().int(),
  /**
   * Mean score of each selectable layer over the clients that probed, as the selection weighs scores (`raw` or as
   * shares); empty when the strategy needs none.
   */
  importance: ByLayer,
  /** How many clients trained each layer. */
  trainedBy: ByLayer,
  /** Sample-weighted mean of the clients' last-epoch training loss. */
  trainLoss: z.number().nullable(),
  /** On the clients' held-out data, weighted by the held-out samples that count. */
  loss: z.number().nullable(),
  accuracy: z.number().nullable(),
  /** Standard deviation of the noise in `accuracy`, which is then in [0, 1] all the same; null where it has none. */
  accuracyNoise: z.number().nullable(),
  /** The middle one of the clients' figures, which few of them cannot move far. */
  medianLoss: z.number().nullable(),
  medianAccuracy: z.number().nullable(),
  /** Held-out samples that count. */
  evaluatedSamples: z.number().int(),
  bytesDown: z.number().int(),
  bytesUp: z.number().int(),
  /**
   * What the same clients would have moved in the round had each trained every layer (the strategy `full`): uploads and
   * downloads of all that can be trained, and of the whole model where a client came new.
   */
  bytesIfFull: z.number().int(),
  seconds: RoundSeconds,
  /** Design, 7. Null when the strategy needs no scores. */
  e1: z.number().nullable(),
  e2: z.number().nullable(),
  /** Agreement between masks (pooled Jaccard index), in [0, 1]; null before training. */
  agreement: z.number().nullable(),
  /** Share of the clients' importance in their own masks, in [0, 1]; null when the round has no scores. */
  covered: z.number().nullable(),
  /** 1 / sum_i w_il^2 of each selectable layer; 0 where nobody trained it; empty before training. */
  effectiveClients: ByLayer,
  /** P1 only: the solver's account, and the price of disagreeing in units of the mean score; null where it was not kept. */
  solved: z
    .object({
      objective: z.number(),
      bound: z.number(),
      proved: z.boolean(),
      lambda: z.number().nullable(),
    })
    .nullable(),
  /** A round of the head's warm start: everybody trained the head alone. Known once training begins. */
  warmUp: z.boolean(),
  /** What the run has spent with this round; null without differential privacy, and before training. */
  epsilon: z.number().nullable(),
  /**
   * Of a buffered run: updates that were trained from an older model, and the mean of how often the layers of all updates
   * that count had been changed since. Null before that is known, and in other runs.
   */
  stale: z.object({ updates: z.number().int(), mean: z.number() }).nullable(),
});
export type RoundSummary = z.infer<typeof RoundSummary>;

export const MemberView = z.object({
  client: Id,
  state: z.enum(['working', 'probed', 'trained', 'evaluated', 'left']),
  /** Training samples that it declared before the round opened. */
  samples: z.number().int(),
  /** Of its update; null until that is counted. */
  weight: Weight.nullable(),
  /** Of a time-boxed round: optimizer steps behind its update, and those it was asked for; its samples weigh by their share. */
  steps: z.object({ done: z.number().int(), asked: z.number().int() }).nullable(),
  /** R_i, in the unit of the run's budget. */
  budget: z.number(),
  scores: ByLayer.nullable(),
  mask: z.array(LayerName).nullable(),
  /** What its mask costs, in the same unit; null before it has one, and where its speed is not known. */
  cost: z.number().nullable(),
  updateBytes: z.number().int().nullable(),
  trainLoss: z.number().nullable(),
  /** Under differential privacy of each sample: what it says it has spent so far; null before its update, and in other runs. */
  epsilon: z.number().nullable(),
  evaluation: z.object({ loss: z.number(), accuracy: z.number(), samples: z.number().int() }).nullable(),
  /** Of its evaluation; null until that is counted. */
  evaluationWeight: Weight.nullable(),
  bytesDown: z.number().int(),
  /** Of a buffered run: the round in which it got what it works on, or has worked on; null before, and in other runs. */
  since: z.number().int().nullable(),
  /** Of a buffered run: how often the layers of its update had been changed since, in the mean; null before it counts. */
  staleness: z.number().nullable(),
});
export type MemberView = z.infer<typeof MemberView>;

/**
 * Whom a cohort was drawn from (R11). With the run's `sampling`, which is known when the run is over, fl-core's
 * `drawCohort` gives the cohort again.
 */
export const DrawnFrom = z.object({
  /** Ready clients, by id, and how many of them were to be drawn. */
  ready: z.array(Id),
  size: z.number().int(),
  /** Ready clients that are asked last, with the rounds in a row that they missed, and how many were to be drawn. */
  last: z.array(z.object({ id: Id, missed: z.number().int() })),
  lastSize: z.number().int(),
});
export type DrawnFrom = z.infer<typeof DrawnFrom>;

/** What an operator's own program found of a model, on data that no participant has to report on. */
export const NewModelTest = z.object({
  /** What it was tried on, in the operator's words. */
  data: z.string().trim().min(1).max(80),
  samples: z.number().int().min(1).max(1_000_000_000),
  /** Mean over samples, or tokens to be predicted. */
  loss: z.number(),
  /** Share that is right, in [0, 1]. */
  accuracy: z.number().min(0).max(1),
});
export type NewModelTest = z.infer<typeof NewModelTest>;

/** The newest test of a model; 0: the one that the run began with. */
export const ModelTest = NewModelTest.extend({
  round: z.number().int(),
  /** The account or token. */
  by: z.string(),
  at: Millis,
});
export type ModelTest = z.infer<typeof ModelTest>;

/** One round with all that is known of it. */
export const RoundDetail = RoundSummary.extend({
  members: z.array(MemberView),
  checkpoint: Checkpoint.nullable(),
  /** Whom the cohort was drawn from; null for rounds of before this was kept. */
  drawnFrom: DrawnFrom.nullable(),
});
export type RoundDetail = z.infer<typeof RoundDetail>;

export const LayerView = z.object({
  name: LayerName,
  role: z.enum(['embed', 'block', 'head']),
  parameters: z.number().int(),
  bytes: z.number().int(),
});
export type LayerView = z.infer<typeof LayerView>;

/** What noised models told of a client so far, at most; or what clients say that they told of each of their samples. */
export const SpentView = z.object({
  /** Under differential privacy of each sample: the largest that a participant claims. */
  epsilon: z.number(),
  /** Noised models that were sent: those of committed rounds, and of rounds abandoned after that. */
  models: z.number().int(),
  /** Of a run under differential privacy of each sample alone: participants that claim, and the least of their epsilons. */
  claimed: z.object({ participants: z.number().int(), least: z.number() }).optional(),
});
export type SpentView = z.infer<typeof SpentView>;

/** A run as a dashboard has it. */
export const RunView = z.object({
  id: Id,
  /** The secret of the join link; empty for viewers, who invite nobody. */
  joinKey: z.string(),
  config: RunConfig,
  state: RunState,
  reason: z.string(),
  createdAt: Millis,
  layers: z.array(LayerView),
  modelBytes: z.number().int(),
  committed: z.number().int(),
  /** The newest 200 rounds, oldest first; the last may still be open. */
  rounds: z.array(RoundSummary),
  clients: z.array(ClientView),
  checkpoint: Checkpoint,
  /** What cohorts were drawn with (R11); null until the run is over. */
  sampling: z.string().nullable(),
  /** What has been spent of the run's epsilon; null without differential privacy. */
  spent: SpentView.nullable(),
  /** Of models that were tried on data of the operator's, by round. */
  tests: z.array(ModelTest),
});
export type RunView = z.infer<typeof RunView>;

export const RunListItem = z.object({
  id: Id,
  name: z.string(),
  model: z.string(),
  strategy: RunConfig.shape.strategy,
  budget: RunConfig.shape.budget,
  seed: RunConfig.shape.seed,
  task: TaskName,
  state: RunState,
  createdAt: Millis,
  rounds: z.number().int(),
  committed: z.number().int(),
  clients: z.number().int(),
  accuracy: z.number().nullable(),
  /** Held-out accuracy after each of the newest 40 committed rounds, oldest first. */
  accuracies: z.array(z.number()).max(40).default([]),
});
export type RunListItem = z.infer<typeof RunListItem>;

export const RunEvent = z.object({
  id: z.number().int(),
  at: Millis,
  level: z.enum(['info', 'warning', 'error']),
  kind: z.string(),
  message: z.string(),
  round: z.number().int().nullable(),
  client: Id.nullable(),
});
export type RunEvent = z.infer<typeof RunEvent>;

/** What a run can be made of on this server. */
export const Catalog = z.object({
  models: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      description: z.string(),
      kind: z.enum(['image', 'text']),
      /** What a run can train it for. */
      tasks: z.array(TaskName),
      parameters: z.number().int(),
      layers: z.array(z.string()),
      /** What it takes of a text; 0 for images. */
      maxTokens: z.number().int(),
      defaultSide: z.number().int(),
      sideMultiple: z.number().int(),
      largestSide: z.number().int(),
      /** Present on this machine, or fetched when a run is created. */
      availability: z.enum(['ready', 'download', 'missing']),
      /** Why it is missing and what to do; empty otherwise. */
      note: z.string(),
    }),
  ),
  samples: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      kind: z.enum(['image', 'text']),
      /** What a run on it can be for. */
      tasks: z.array(TaskName),
      labels: z.array(z.string()),
      /** How it is divided over demo participants. */
      split: z.enum(['dirichlet', 'domain']),
    }),
  ),
});
export type Catalog = z.infer<typeof Catalog>;

/** What the operator can do to a run. */
/** A new run that begins with a model of another one. */
export const NewFork = z.object({
  /** Whose model: a committed round, 0 for what that run began with; null for the newest. */
  round: z.number().int().min(0).nullable().default(null),
  /** What the new run does; its model is the other's, whatever is said here. */
  config: RunConfig,
});
export type NewFork = z.infer<typeof NewFork>;

export const RunCommand = z.object({ command: z.enum(['start', 'pause', 'resume', 'stop']) });
export type RunCommand = z.infer<typeof RunCommand>;

/** What went with a run that was deleted: rows by what they are of, and the files that nothing else needs. */
export const DeletedRun = z.object({
  rounds: z.number().int(),
  /** Rows of participants in rounds, with scores, masks and figures. */
  answers: z.number().int(),
  participants: z.number().int(),
  invitations: z.number().int(),
  checkpoints: z.number().int(),
  /** Lines of the run's log. */
  events: z.number().int(),
  /** Tensors and assets of the model. */
  files: z.number().int(),
  bytes: z.number().int(),
});
export type DeletedRun = z.infer<typeof DeletedRun>;

/** Whether a server can work now. What it lacks comes back by itself or by whoever runs it. */
export const Readiness = z.object({
  ready: z.boolean(),
  lacks: z.array(
    z.object({
      what: z.enum(['start', 'database', 'disk']),
      /** In plain words: what is wrong, and what to do. */
      message: z.string().max(500),
      hint: z.string().max(500),
    }),
  ),
});
export type Readiness = z.infer<typeof Readiness>;
/** An address under which participants may open this server's pages, and what becomes of them there. */
export const JoinAddress = z.object({
  /** Origin, without a path. */
  url: z.string(),
  /** From where it opens: by `PUBLIC_URL` from where the operator says, else from its network or this machine alone. */
  reach: z.enum(['public', 'network', 'this-machine']),
  /** A secure context, as browsers call it: without, they keep graphics chips, storage and cameras from pages. */
  secure: z.boolean(),
});
export type JoinAddress = z.infer<typeof JoinAddress>;

/** Where participants find this server, the best address first. */
export const JoinAddresses = z.object({
  addresses: z.array(JoinAddress),
  /** Addresses of this machine under which the server would answer if it listened on them (`HOST`). */
  closed: z.array(z.string()),
});
export type JoinAddresses = z.infer<typeof JoinAddresses>;

/**
 * What the operator can do about a participant: `remove` takes it out of the round, as if it had left; `ban` keeps it
 * from coming back, too; `admit` lifts that. `approve` and `refuse` are about one that waits to be let in: refused, it is
 * banned.
 */
export const ClientCommand = z.object({ command: z.enum(['remove', 'ban', 'admit', 'approve', 'refuse']) });
export type ClientCommand = z.infer<typeof ClientCommand>;
