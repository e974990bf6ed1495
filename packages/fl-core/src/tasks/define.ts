import type { z } from 'zod';
import { type ConfigOf, configOf, type OptionField, type Options } from '../variants/index.ts';
import type { DataKind, Head, HubMetric, MetricWords, TaskWords, Things } from './words.ts';

/** Everything that only the task itself knows; how samples are read and what is learned of them it has by name. */
interface TaskDefinition<N extends string, S extends Options, F extends string> {
  /** As in configurations; never changed, since stored runs have it. */
  readonly name: N;
  readonly options: S;
  /** How a form asks for the options. @param maxTokens what the model takes of a text. */
  readonly fields: (maxTokens: number) => readonly OptionField<keyof S & string>[];
  /** Options to start from, as the fields. */
  readonly start: (maxTokens: number) => z.input<z.ZodObject<S>>;
  /** What the model's head gives: one row of logits a sample, or one at every token (`models/spec.ts`). */
  readonly head: Head;
  /** How texts become samples, and so what is learned of them: a form of `data/texts/forms`. */
  readonly form: F;
  /** Whether a sample is two texts, for which not every model has a form; absent: no. */
  readonly pairs?: boolean;
  /** Examples of labels, to be typed over; null: a run has none. */
  readonly labels: readonly [string, string, ...string[]] | null;
  /** The kinds of built-in data that a run can be on. */
  readonly samples: readonly DataKind[];
  /** The kinds of data that a run can be on, one or more, with the words for them. */
  readonly on: Readonly<Partial<Record<DataKind, TaskWords>>>;
  readonly metric: MetricWords;
  /** What the loss says in other words, where there is more to say; absent: nothing. */
  readonly ofLoss?: HubMetric & { readonly value: (loss: number) => number };
  /** A sample where they are counted, for a participant. */
  readonly counted: Things;
  /** What an export says. */
  readonly hub: {
    /** `problem_type` of transformers, with the labels beside it; null: neither. */
    readonly problem: 'single_label_classification' | 'multi_label_classification' | null;
    /** The metric that is `accuracy` here. */
    readonly metric: HubMetric;
    /** What it was measured on. */
    readonly samples: 'samples' | 'passages';
  };
}

/** Makes a member of the list of tasks: the definition with the schema of its configuration. */
export function defineTask<const N extends string, S extends Options, const F extends string>(
  definition: TaskDefinition<N, S, F>,
) {
  const { name, options, start, on, ofLoss = null, pairs = false } = definition;
  const config = configOf(name, options);
  const [words] = Object.values(on);
  if (words === undefined) throw new RangeError(`The task ${name} is on no kind of data.`);
  return {
    ...definition,
    ofLoss,
    pairs,
    /** The schema of its configuration. */
    config,
    takes: (kind: DataKind): boolean => on[kind] !== undefined,
    /** On data that it does not take, those of data that it does. */
    wordsOn: (kind: DataKind): TaskWords => on[kind] ?? words,
    /** With good options to start from. */
    startConfig: (maxTokens: number): ConfigOf<N, S> => config.parse({ name, ...start(maxTokens) }),
  };
}
