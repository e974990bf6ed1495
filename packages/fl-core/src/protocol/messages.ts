import { z } from 'zod';
import { Inbox, Ready, Released, Roster, Shared, Survivors } from '../sealing/messages.ts';
import { TaskConfig } from '../tasks/index.ts';
import { Sealing } from './aggregation-config.ts';
import { ErrorBody } from './errors.ts';
import { HeadConfig } from './local-config.ts';
import { PlainLine } from './plain-text.ts';
import { backendNames, Checkpoint, Id, LayerName, Phase, RunConfig, RunState, Sha256 } from './run.ts';
import { ScoreKind } from './selection-config.ts';

/** Bumped when a message changes so that an old tab is told to reload. */
export const protocolVersion = 11;

/** Largest control message in bytes (design, 4). */
export const maxMessageBytes = 1_000_000;
/** Largest message in bytes before a client has said hello: a stranger is not given more room. */
export const maxHelloBytes = 65_536;

export const ClientAuth = z.object({
  protocol: z.number().int(),
  run: Id,
  client: Id,
  /** 32 random bytes in hex, made by the client, kept for the tab's session. */
  secret: Sha256,
  /** The secret of the join link; needed where the run is not listed and this client is new to it. */
  key: z.string().max(200).optional(),
  /** Which tab or process speaks for the client: another one takes its place, and this one is told so. */
  tab: z.string().max(64).optional(),
});
export type ClientAuth = z.infer<typeof ClientAuth>;

export const DeviceInfo = z.object({
  backend: z.enum(backendNames),
  /** Why this backend, in words for people. */
  reason: PlainLine(500),
  /** GPU adapter as the browser names it; empty when there is none. */
  adapter: PlainLine(200).default(''),
  threads: z.number().int().min(1).max(1024).default(1),
});
export type DeviceInfo = z.infer<typeof DeviceInfo>;

const Round = z.number().int().min(1);
const Finite = z.number().refine(Number.isFinite, 'must be finite');
const Count = z.number().int().min(0).max(1_000_000_000);

/** Client: "here I am, with this device and this many samples". How many of each label nobody but its own page knows. */
export const Hello = z.object({
  name: PlainLine(80).default(''),
  device: DeviceInfo,
  /** Training samples, after the hold-out. To a sealed run a client says 1 where it has any: see {@link saidTo}. */
  samples: Count,
  /** Held-out samples; 0 to a sealed run. */
  heldOut: Count,
  /** What this client can afford a round; absent means the run's budget. */
  budget: z.number().min(0).max(1e12).optional(),
});
export type Hello = z.infer<typeof Hello>;

/** What of a hello a run hears: of a sealed one, whether there are samples. How many, only its masked words say. */
export const saidTo = (sealing: Sealing, hello: Hello): Hello =>
  sealing.kind === 'open' ? hello : { ...hello, samples: Math.min(1, hello.samples), heldOut: 0 };

const NotNegative = Finite.refine((v) => v >= 0, 'must not be negative');

/** What one training step takes on this client, in milliseconds; see selection's `StepTimes`. */
export const StepTimesMessage = z.object({
  base: NotNegative,
  passing: z.record(LayerName, NotNegative),
  training: z.record(LayerName, NotNegative),
});
export type StepTimesMessage = z.infer<typeof StepTimesMessage>;

/** Client: importance of every selectable layer, from one probe. */
export const Probed = z.object({
  round: Round,
  scores: z.record(LayerName, NotNegative),
  samples: Count,
  /** Absent where losses are not told (`toldBy`). */
  loss: Finite.optional(),
  /** Measured during the probe; optimizer steps a round would take beside it. Absent when not asked for. */
  times: StepTimesMessage.optional(),
  steps: Count.optional(),
});
export type Probed = z.infer<typeof Probed>;

/** Client: how the candidate model does on this client's held-out data. */
export const Evaluated = z.object({
  round: Round,
  /** 0 where it is not told (`toldBy`). */
  loss: Finite,
  /**
   * In [0, 1]: share of held-out samples classified right, mean Jaccard index of true and predicted label sets, or
   * share of next tokens predicted, as the task is.
   */
  accuracy: z.number().min(0).max(1),
  samples: Count,
});
export type Evaluated = z.infer<typeof Evaluated>;

/** Client: live progress for the dashboard; best effort, nothing depends on it. */
export const Progress = z.object({
  round: Round,
  activity: z.enum([
    'fetching',
    'probing',
    'training',
    'sealing',
    'sending',
    'evaluating',
    'waiting',
    'paused',
  ]),
  /** In [0, 1]. */
  fraction: z.number().min(0).max(1),
  loss: Finite.optional(),
});
export type Progress = z.infer<typeof Progress>;

/** Client: stop giving me work after what I am doing (`pause`), go on (`resume`), or goodbye (`leave`). */
export const Standing = z.discriminatedUnion('want', [
  z.object({ want: z.enum(['pause', 'resume']) }),
  z.object({
    want: z.literal('leave'),
    /** What this device could not go on for; absent where its person wished to leave. */
    why: ErrorBody.extend({ message: PlainLine(500), hint: PlainLine(500) }).optional(),
  }),
]);
export type Standing = z.infer<typeof Standing>;

/** Header of an update file, in the safetensors `__metadata__` (all values are strings there). */
export const UpdateMetadata = z.object({
  /** d_i: training samples that the update stands for. */
  samples: z.coerce.number().int().min(1).max(1_000_000_000),
  /** Mean training loss over the last local epoch; absent under differential privacy of each sample, as it has no noise. */
  loss: z.coerce.number().refine(Number.isFinite).optional(),
  /** Under differential privacy of each sample: the epsilon that the client says it has spent, this update included. */
  epsilon: z.coerce.number().min(0).max(1000).optional(),
  /** Optimizer steps behind it, in a time-boxed round; all that were asked where it says nothing. */
  steps: z.coerce.number().int().min(1).max(1_000_000_000).optional(),
});
export type UpdateMetadata = z.infer<typeof UpdateMetadata>;

/** What the words of a sealed round are, besides what its configuration says; bound into every key of the round. */
export const SealedTerms = z.object({
  /** How each layer is rounded: the largest value of a change, and for how many rounds nothing was clamped at it. */
  clips: z.record(LayerName, z.object({ value: z.number().positive(), calm: z.number().int().min(0) })),
  /**
   * What members measure of the model that the round starts from, for the choice of layers in the next round; null
   * where that is made without.
   */
  score: ScoreKind.nullable(),
  /**
   * Where members add noise themselves: z, and that each adds a part of a deviation of 2^bits steps. It follows from the
   * configuration, by logarithms and exponentials that browsers round each in their own way: so it is said, and each looks
   * whether it is enough.
   */
  noise: z.object({ z: z.number().positive(), bits: z.number().int().min(1).max(31) }).optional(),
});
export type SealedTerms = z.infer<typeof SealedTerms>;

/** Client: what a member of a sealed round says besides its masked words, which go as an update does. */
export const SealedAnswer = z.discriminatedUnion('kind', [
  /** It has trained, and these are its keys. */
  z.object({ kind: z.literal('ready'), round: Round, ready: Ready }),
  z.object({ kind: z.literal('shared'), round: Round, shared: Shared }),
  z.object({ kind: z.literal('released'), round: Round, released: Released }),
  /** It goes on no further in this round: it has lost its secrets, or what it was shown is not as it must be. */
  z.object({
    kind: z.literal('out'),
    round: Round,
    why: ErrorBody.extend({ message: PlainLine(500), hint: PlainLine(500) }),
  }),
]);
export type SealedAnswer = z.infer<typeof SealedAnswer>;

/** How the layers of a train work are made. */
export const Method = z.discriminatedUnion('kind', [
  /** By steps of the run's optimizer. Epochs of a warm start are others than the run's usual ones. */
  z.object({ kind: z.literal('steps'), epochs: z.number().int().min(1) }),
  /** Of the head: not made here, but by the server, from sums over the samples of what enters it (`closed-form/`). */
  z.object({ kind: z.literal('closed-form') }),
]);
export type Method = z.infer<typeof Method>;

/**
 * The complete answer to "what is my work?" (R9). Sent on connection, on request and whenever it changes;
 * a client that missed any earlier message loses nothing.
 */
export const Work = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('wait'),
    reason: z.enum([
      'approval', // the operator has not let this client in yet
      'not-eligible', // the run is for other devices, or for more data
      'run-not-started',
      'run-paused',
      'more-clients', // too few ready clients to open a round
      'next-round', // came after the cohort was fixed (R1), or was not sampled
      'others', // has answered; the others have not
      'server', // selecting, aggregating, committing
      'you-paused',
    ]),
    round: Round.nullable(),
    estimateSeconds: z.number().min(0).nullable(),
    message: z.string().max(500),
  }),
  z.object({
    kind: z.literal('probe'),
    round: Round,
    remainingMs: z.number(),
    checkpoint: Checkpoint,
    seed: z.number().int(),
    score: ScoreKind,
    /** Whether {@link Probed} is to bring `times` and `steps`. */
    times: z.boolean(),
  }),
  z.object({
    kind: z.literal('train'),
    /** That in which it was handed out; of a buffered run maybe an earlier one than the round that is open. */
    round: Round,
    remainingMs: z.number(),
    checkpoint: Checkpoint,
    /** Selectable layers this client trains; the always-trained ones (head) come on top. May be empty. */
    mask: z.array(LayerName),
    /** Everything that is in the update: mask plus always-trained layers. */
    train: z.array(LayerName),
    seed: z.number().int(),
    /** Part of the run's schedule that this round stands for, [from, to] within [0, 1]. */
    span: z.tuple([z.number().min(0).max(1), z.number().min(0).max(1)]),
    method: Method,
    /** Longest that the update may be, all layers together, in L2 (differential privacy); null: as long as it is. */
    clip: z.number().positive().nullable(),
    /** Of a time-boxed round (`local.timeBox`): when to stop and send what is done; null: when all is. */
    box: z
      .object({
        stopMs: z.number().min(0),
        /** When training closes, by the server's clock in milliseconds: another one tells of another {@link stopMs}. */
        closes: z.number(),
      })
      .nullable()
      .default(null),
    /** In a sealed run: the changes stay here, and what is said of them is that they are ready (`SealedAnswer`). */
    seal: SealedTerms.nullable(),
  }),
  /** Of a sealed round: check who takes part, and share the secrets of the masks. */
  z.object({ kind: z.literal('share'), round: Round, remainingMs: z.number(), roster: Roster }),
  /** Of a sealed round: send the masked words. */
  z.object({ kind: z.literal('mask'), round: Round, remainingMs: z.number(), inbox: Inbox }),
  /** Of a sealed round: give back the shares that open the sums of those who are left. */
  z.object({ kind: z.literal('release'), round: Round, remainingMs: z.number(), survivors: Survivors }),
  z.object({
    kind: z.literal('evaluate'),
    round: Round,
    remainingMs: z.number(),
    checkpoint: Checkpoint,
  }),
  z.object({
    kind: z.literal('over'),
    state: z.enum(['finished', 'stopped', 'failed']),
    checkpoint: Checkpoint,
    message: z.string().max(500),
  }),
]);
export type Work = z.infer<typeof Work>;

/** Work with the model: what needs the device. */
export type ModelWork = Extract<Work, { readonly kind: 'probe' | 'train' | 'evaluate' }>;
export const isModelWork = (work: Work): work is ModelWork =>
  work.kind === 'probe' || work.kind === 'train' || work.kind === 'evaluate';

/**
 * What a client must know of a run; fixed for the run's life. Fetched before anything is said, because a client loads
 * its data (labels, side, vocabulary, hold-out) before it can say {@link Hello}.
 */
export const RunManifest = z.object({
  id: Id,
  config: RunConfig,
  /** Files the model needs beside its weights (a tokenizer's vocabulary), by role. */
  assets: z.record(z.string(), Sha256),
});
export type RunManifest = z.infer<typeof RunManifest>;

/** Server: "this update has arrived". */
export const UpdateReceipt = z.object({
  sha256: Sha256,
  bytes: z.number().int(),
  /** True when the same bytes had been received before (R4). */
  duplicate: z.boolean(),
});
export type UpdateReceipt = z.infer<typeof UpdateReceipt>;

/** What anybody with the join link may know, and of a listed run anybody. */
export const RunPublic = z.object({
  id: Id,
  name: z.string(),
  description: z.string(),
  model: z.string(),
  data: RunConfig.shape.data,
  task: TaskConfig,
  labels: z.array(z.string()),
  strategy: z.string(),
  budget: RunConfig.shape.budget,
  purpose: RunConfig.shape.purpose,
  /** Whether an operator lets in each who is new. */
  approval: z.boolean(),
  privacy: RunConfig.shape.privacy,
  /** Whether the server sees each update, or only sums of so many. */
  sealing: Sealing,
  /** Participants that a round needs, and updates that it is to have: how many each one's changes are mixed with. */
  cohort: z.object({ minimum: z.number().int(), goal: z.number().int() }),
  /** What a client does in a round: samples a step, and how often it goes through its data. */
  local: z.object({
    batchSize: z.number().int(),
    epochs: z.number().int(),
    /** The first rounds, of the head alone; 0 rounds: none. */
    warmUp: HeadConfig.shape.warmUp,
  }),
  state: RunState,
  rounds: z.number().int(),
  committed: z.number().int(),
  phase: Phase.nullable(),
  clients: z.number().int(),
  /** Held-out accuracy, as the task counts it, after the last committed round; in a sealed run after the one before. */
  accuracy: z.number().nullable(),
  /** How long one of the newest committed rounds took, on average; null before the first. */
  roundSeconds: z.number().min(0).nullable(),
});
export type RunPublic = z.infer<typeof RunPublic>;
