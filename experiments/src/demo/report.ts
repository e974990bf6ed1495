import { samples } from '@strata/fl-core/data';
import type { RoundDetail, RunConfig, SampleId } from '@strata/fl-core/protocol';
import type { DemoData } from './data.ts';
import type { DemoOptions } from './options.ts';

/** The one JSON object that the demo prints. */
export interface DemoReport {
  readonly model: string;
  readonly initial: DemoOptions['initial'];
  /** Null for a person's own files. */
  readonly sample: SampleId | null;
  readonly seed: number;
  readonly strategy: string;
  readonly backend: string;
  readonly classes: number;
  readonly clients: number;
  /** How the data is divided over the clients. */
  readonly split: string;
  /** What the figures are figures of: lambda, budget, rates, batches, what is held out. */
  readonly configuration: Pick<
    RunConfig,
    'data' | 'side' | 'strategy' | 'selection' | 'budget' | 'aggregation' | 'cohort' | 'local'
  >;
  readonly rounds: readonly DemoRound[];
  readonly checkpoint: KeptCheckpoint;
}

/** What the run ended with. */
interface KeptCheckpoint {
  /** Hashes by layer. */
  readonly layers: Readonly<Record<string, string>>;
  /** Zip of the exported model; null where it was not asked for. */
  readonly kept: string | null;
}

export interface DemoRound {
  readonly round: number;
  /** On held-out data. */
  readonly loss: number | null;
  readonly accuracy: number | null;
  readonly masks: Readonly<Record<string, readonly string[]>>;
  readonly scores: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly bytesDown: number;
  readonly bytesUp: number;
  readonly bytesIfFull: number;
  readonly seconds: {
    readonly probing: number;
    readonly selecting: number;
    readonly training: number;
    readonly aggregating: number;
    readonly evaluating: number;
  };
}

export function demoRound(detail: RoundDetail): DemoRound {
  return {
    round: detail.round,
    loss: detail.loss,
    accuracy: detail.accuracy,
    masks: Object.fromEntries(detail.members.map((m) => [m.client, m.mask ?? []])),
    scores: Object.fromEntries(detail.members.flatMap((m) => (m.scores ? [[m.client, m.scores]] : []))),
    bytesDown: detail.bytesDown,
    bytesUp: detail.bytesUp,
    bytesIfFull: detail.bytesIfFull,
    seconds: detail.seconds,
  };
}

export function demoReport(
  options: DemoOptions,
  data: DemoData,
  config: RunConfig,
  committed: readonly RoundDetail[],
  checkpoint: KeptCheckpoint,
): DemoReport {
  return {
    model: options.model,
    initial: options.initial,
    sample: data.kind === 'sample' ? data.sample : null,
    seed: options.seed,
    strategy: options.strategy,
    backend: options.backend,
    classes: data.labels.length,
    clients: options.clients,
    split: data.kind === 'sample' ? samples[data.sample].split : `dirichlet ${options.alpha}`,
    configuration: configurationOf(config),
    rounds: committed.map(demoRound),
    checkpoint,
  };
}

function configurationOf(config: RunConfig): DemoReport['configuration'] {
  const { data, side, strategy, selection, budget, aggregation, cohort, local } = config;
  return { data, side, strategy, selection, budget, aggregation, cohort, local };
}
