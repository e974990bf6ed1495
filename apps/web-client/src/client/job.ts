import { type Dataset, sampleCount } from '@strata/fl-core/data';
import {
  type Evaluated,
  encodeSafetensors,
  type LocalConfig,
  type NamedTensor,
  type Probed,
  StrataError,
  type Work,
} from '@strata/fl-core/protocol';
import {
  type EvaluateOptions,
  type EvaluateResult,
  finish,
  type Job,
  type JobControl,
  type ProbeOptions,
  type ProbeResult,
  type TrainingProgress,
  type TrainOptions,
  type TrainResult,
} from '@strata/fl-core/training';
import type { WeightsSync } from './weights-sync.ts';

/** Work that needs the device. */
export type ActiveWork = Extract<Work, { kind: 'probe' | 'train' | 'evaluate' }>;

/** What a job leaves behind: kept until the round is over, so that it can be sent again as it is (R4). */
export type Answer =
  | { readonly kind: 'probe'; readonly message: Probed }
  | {
      readonly kind: 'train';
      readonly round: number;
      readonly update: Uint8Array<ArrayBuffer>;
      readonly loss: number;
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
  | { readonly kind: 'sending'; readonly answer: Answer['kind']; readonly fraction: number };

/** The trainer as a job needs it: `Trainer` of `@strata/fl-core/training` is one. */
export interface LocalTrainer {
  setLayer(layer: string, tensors: readonly NamedTensor[]): void;
  probe(data: Dataset, options: ProbeOptions): Job<ProbeResult>;
  train(data: Dataset, options: TrainOptions): Job<TrainResult>;
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
}

/** Larger than a training batch, because no gradient is kept. */
const evaluationBatch = 32;

/** Two Works with the same key are the same work: a job in progress or an answer at hand serves both. */
export function workKey(work: ActiveWork): string {
  const hashes = Object.entries(work.checkpoint.layers).map(([layer, { sha256 }]) => `${layer}=${sha256}`);
  const layers = work.kind === 'train' ? [...work.train].sort().join() : '';
  return [work.kind, work.round, layers, hashes.sort().join()].join(' ');
}

/**
 * Does one Work: brings the weights up to date, computes, returns the answer.
 * @throws the signal's reason when cancelled; `non-finite` when the numbers broke; whatever tfjs throws.
 */
export async function perform(
  work: ActiveWork,
  tools: JobTools,
  control: JobControl & { readonly signal: AbortSignal },
  report: (stage: JobStage) => void,
): Promise<Answer> {
  const { trainer, weights, data, local } = tools;
  report({ kind: 'fetching', fraction: 0 });
  await weights.sync(work.checkpoint, trainer, control.signal, (fraction) =>
    report({ kind: 'fetching', fraction }),
  );

  const follow = <R>(kind: 'probing' | 'training' | 'evaluating', job: Job<R>) =>
    finish(job, ({ fraction, loss, microBatch }) =>
      report({ kind, fraction, loss: loss ?? null, microBatch }),
    );

  report({ kind: stages[work.kind], fraction: 0, loss: null });
  switch (work.kind) {
    case 'probe': {
      const { scores, loss, times, steps } = await follow(
        'probing',
        trainer.probe(data.train, {
          batches: local.probeBatches,
          batchSize: local.batchSize,
          seed: work.seed,
          score: work.score,
          ...(work.times ? { times: local } : {}),
          control,
        }),
      );
      finite([loss, ...Object.values(scores)], 'the layer scores');
      const measured = times === undefined || steps === undefined ? {} : { times, steps };
      return {
        kind: 'probe',
        message: { round: work.round, scores, samples: sampleCount(data.train), loss, ...measured },
      };
    }
    case 'train': {
      const { update, loss } = await follow(
        'training',
        trainer.train(data.train, { layers: work.train, local, seed: work.seed, span: work.span, control }),
      );
      finite([loss], 'the training loss');
      const metadata = { samples: String(sampleCount(data.train)), loss: String(loss) };
      return { kind: 'train', round: work.round, update: encodeSafetensors(update, metadata), loss };
    }
    case 'evaluate': {
      const { loss, accuracy, samples } = await follow(
        'evaluating',
        trainer.evaluate(data.heldOut, {
          batchSize: Math.max(evaluationBatch, local.batchSize),
          // Whoever bounds training does not want to wait for an evaluation either.
          mostSamples: local.maxBatches * local.batchSize,
          control,
        }),
      );
      finite([loss], 'the evaluation loss');
      return { kind: 'evaluate', message: { round: work.round, loss, accuracy, samples } };
    }
  }
}

const stages = { probe: 'probing', train: 'training', evaluate: 'evaluating' } as const;

function finite(values: readonly number[], what: string): void {
  if (values.every(Number.isFinite)) return;
  throw new StrataError(
    'non-finite',
    `The numbers broke down on this device: ${what} became NaN or infinite.`,
    'Usually the learning rate of the run is too high; the person who runs it can lower it.',
  );
}
