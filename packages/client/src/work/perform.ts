import { type Dataset, sampleCount } from '@strata/fl-core/data';
import {
  type Evaluated,
  encodeSafetensors,
  type LocalConfig,
  type ModelWork,
  type NamedTensor,
  type Probed,
  StrataError,
  type Told,
} from '@strata/fl-core/protocol';
import {
  type EvaluateOptions,
  type EvaluateResult,
  finish,
  type Job,
  type JobControl,
  type ProbeOptions,
  type ProbeResult,
  type SumOptions,
  type SumResult,
  type TrainingProgress,
  type TrainOptions,
  type TrainResult,
} from '@strata/fl-core/training';
import { clipped } from './clipped.ts';
import type { PrivateRound, SampleGuard } from './sample-guard.ts';
import type { WeightsSync } from './weights-sync.ts';

/** What a job leaves behind: kept until the round is over, so that it can be sent again as it is (R4). */
export type Answer =
  | { readonly kind: 'probe'; readonly message: Probed }
  | {
      readonly kind: 'train';
      readonly round: number;
      readonly update: Uint8Array<ArrayBuffer>;
      /** Of the last epoch; null where nothing was trained. */
      readonly loss: number | null;
    }
  | { readonly kind: 'evaluate'; readonly message: Evaluated };

export type JobStage =
  | { readonly kind: 'fetching'; readonly fraction: number }
  | {
      readonly kind: 'probing' | 'training' | 'evaluating';
      readonly fraction: number;
      readonly loss: number | null;
      /** Said once, when the device ran out of memory and goes on with fewer samples at a time. */
      readonly microBatch?: TrainingProgress['microBatch'];
    }
  /** Of a sealed round: keys, shares and masks. */
  | { readonly kind: 'sealing'; readonly fraction: number }
  | { readonly kind: 'sending'; readonly answer: Answer['kind']; readonly fraction: number };

/** The trainer as a job needs it: `Trainer` of `@strata/fl-core/training` is one. */
export interface LocalTrainer {
  setLayer(layer: string, tensors: readonly NamedTensor[]): void;
  probe(data: Dataset, options: ProbeOptions): Job<ProbeResult>;
  train(data: Dataset, options: TrainOptions): Job<TrainResult>;
  sumFeatures(data: Dataset, options: SumOptions): Job<SumResult>;
  evaluate(data: Dataset, options: EvaluateOptions): Job<EvaluateResult>;
  dispose(): void;
}

/** The data of one client; it never leaves the worker (C5). */
export interface LocalData {
  readonly train: Dataset;
  readonly heldOut: Dataset;
}

export interface JobTools {
  readonly trainer: LocalTrainer;
  readonly weights: WeightsSync;
  readonly data: LocalData;
  readonly local: LocalConfig;
  /** Under differential privacy of each sample: what it may still do; null in other runs. */
  readonly guard: SampleGuard | null;
  /** What of the data may be told in the clear. */
  readonly told: Told;
}

/** Larger than a training batch, because no gradient is kept. */
const evaluationBatch = 32;

/** Two Works with the same key are the same work: a job in progress or an answer at hand serves both. */
export function workKey(work: ModelWork): string {
  const hashes = Object.entries(work.checkpoint.layers).map(([layer, { sha256 }]) => `${layer}=${sha256}`);
  const layers = work.kind === 'train' ? [...work.train].sort().join() : '';
  return [work.kind, work.round, layers, hashes.sort().join()].join(' ');
}

/**
 * What jobs are made of: each part tells how far it is, and that its numbers broke.
 * @throws each part the signal's reason when cancelled; `non-finite` when the numbers broke; whatever tfjs throws.
 */
export function partsOf(
  { trainer, weights, data, local }: JobTools,
  control: JobControl & { readonly signal: AbortSignal },
  report: (stage: JobStage) => void,
) {
  const follow = <R>(kind: 'probing' | 'training' | 'evaluating', job: Job<R>) => {
    report({ kind, fraction: 0, loss: null });
    return finish(job, ({ fraction, loss, microBatch }) =>
      report({ kind, fraction, loss: loss ?? null, microBatch }),
    );
  };
  return {
    /** Brings the trainer's weights up to date. */
    async fetch({ checkpoint }: Pick<ModelWork, 'checkpoint'>): Promise<void> {
      report({ kind: 'fetching', fraction: 0 });
      await weights.sync(checkpoint, trainer, control.signal, (fraction) =>
        report({ kind: 'fetching', fraction }),
      );
    },
    async probe(asked: Pick<ProbeOptions, 'seed' | 'score' | 'times'>): Promise<ProbeResult> {
      const { probeBatches: batches, batchSize } = local;
      const probed = await follow(
        'probing',
        trainer.probe(data.train, { batches, batchSize, ...asked, control }),
      );
      finite([probed.loss, ...Object.values(probed.scores)], 'the layer scores');
      return probed;
    },
    /** @param privacy of each sample; then nothing but the update may be told to others. */
    async train(
      { train: layers, seed, span }: TrainWork,
      epochs: number,
      privacy: PrivateRound | null = null,
    ): Promise<TrainResult> {
      const trained = await follow(
        'training',
        trainer.train(data.train, {
          ...{ layers, local: { ...local, epochs }, seed, span, control },
          ...(privacy === null ? {} : { privacy }),
        }),
      );
      finite([trained.loss], 'the training loss');
      return trained;
    },
    /** Sums over the samples, of which the server computes the head. */
    sum({ seed }: TrainWork): Promise<SumResult> {
      const { batchSize, maxBatches } = local;
      return follow('training', trainer.sumFeatures(data.train, { batchSize, maxBatches, seed, control }));
    },
    async evaluate(): Promise<EvaluateResult> {
      const evaluated = await follow(
        'evaluating',
        trainer.evaluate(data.heldOut, {
          batchSize: Math.max(evaluationBatch, local.batchSize),
          // Whoever bounds training does not want to wait for an evaluation either.
          mostSamples: local.maxBatches * local.batchSize,
          control,
        }),
      );
      finite([evaluated.loss], 'the evaluation loss');
      return evaluated;
    },
  };
}

type TrainWork = Extract<ModelWork, { readonly kind: 'train' }>;

/** Does one Work: brings the weights up to date, computes, returns the answer. @throws as {@link partsOf}. */
export async function perform(
  work: ModelWork,
  tools: JobTools,
  control: JobControl & { readonly signal: AbortSignal },
  report: (stage: JobStage) => void,
): Promise<Answer> {
  const parts = partsOf(tools, control, report);
  const { data, local, guard, told } = tools;
  if (guard !== null) return performPrivately(work, parts, data, guard);
  await parts.fetch(work);
  switch (work.kind) {
    case 'probe': {
      const { round, seed, score } = work;
      const { scores, loss, times, steps } = await parts.probe({
        seed,
        score,
        ...(work.times ? { times: local } : {}),
      });
      const measured = times === undefined || steps === undefined ? {} : { times, steps };
      return {
        kind: 'probe',
        message: {
          ...{ round, scores, samples: sampleCount(data.train), ...measured },
          ...(told === 'figures' ? { loss } : {}),
        },
      };
    }
    case 'train': {
      const { round, method } = work;
      const samples = String(sampleCount(data.train));
      switch (method.kind) {
        case 'steps': {
          const { update, loss, steps } = await parts.train(work, method.epochs);
          const done = work.box === null ? {} : { steps: String(steps) };
          const metadata = { samples, ...(told === 'figures' ? { loss: String(loss) } : {}), ...done };
          return {
            kind: 'train',
            round,
            update: encodeSafetensors(clipped(update, work.clip), metadata),
            loss,
          };
        }
        case 'closed-form': {
          if (work.clip !== null) throw unprotected();
          const { update } = await parts.sum(work);
          return { kind: 'train', round, update: encodeSafetensors(update, { samples }), loss: null };
        }
        default:
          return method satisfies never;
      }
    }
    case 'evaluate': {
      // Whatever the server asks for.
      if (told === 'nothing') return untold(work.round);
      const { loss, accuracy, samples } = await parts.evaluate();
      const own = told === 'figures' ? loss : 0;
      return { kind: 'evaluate', message: { round: work.round, loss: own, accuracy, samples } };
    }
  }
}

/** The answer of who says nothing of its samples. */
const untold = (round: number): Answer => ({
  kind: 'evaluate',
  message: { round, loss: 0, accuracy: 0, samples: 0 },
});

/**
 * The same where each sample is protected: whatever the server asks for, nothing leaves but a noised update, how many
 * samples there are, and what the client has spent.
 */
async function performPrivately(
  work: ModelWork,
  parts: ReturnType<typeof partsOf>,
  { train }: LocalData,
  guard: SampleGuard,
): Promise<Answer> {
  switch (work.kind) {
    case 'probe':
      throw new StrataError(
        'bad-config',
        'The server asks how much each layer matters for the samples of this device, and no noise would be on the answer.',
        'A run that protects each sample asks for no scores: the person who runs it can make a new one.',
      );
    case 'evaluate':
      // Nothing is held out, and nothing is told of samples.
      return untold(work.round);
    case 'train': {
      const { method } = work;
      if (method.kind !== 'steps') throw unprotected();
      const round = await guard.round(method.epochs);
      await parts.fetch(work);
      const { update, loss, skipped } = await parts.train(work, method.epochs, round);
      const epsilon = await guard.record(round, skipped);
      const metadata = { samples: String(sampleCount(train)), epsilon: String(epsilon) };
      return { kind: 'train', round: work.round, update: encodeSafetensors(update, metadata), loss };
    }
    default:
      return work satisfies never;
  }
}

/** The configuration refuses it; a server that asks all the same is not answered. */
export const unprotected = () =>
  new StrataError(
    'bad-config',
    'The server asks for sums over samples that are to be protected, and no noise would be on them.',
    'The person who runs it can make a new run whose head is trained: local.head.warmUp.kind trained.',
  );

function finite(values: readonly number[], what: string): void {
  if (values.every(Number.isFinite)) return;
  throw new StrataError(
    'non-finite',
    `The numbers broke down on this device: ${what} became NaN or infinite.`,
    'Usually the learning rate of the run is too high; the person who runs it can lower it.',
  );
}
