import { StrataError } from '../protocol/errors.ts';
import type { TaskName } from '../tasks/index.ts';
import {
  flagsOf,
  type RawImages,
  type RawSamples,
  type RawTextSamples,
  type RawTexts,
  withClasses,
} from './raw-samples.ts';
import { sampleShard } from './sample-shard.ts';

export interface SamplePart {
  readonly task: TaskName;
  /** The run's labels; none where the task is the next token. */
  readonly labels: readonly string[];
  /** Which part of how many, and the seed that everybody shares: see {@link sampleShard}. */
  readonly shard: number;
  readonly of: number;
  readonly seed: number;
}

/**
 * One participant's part of a built-in sample as the task of a run takes it: a text of one class is a set of one
 * label for the task of several labels, and a text without a label for next tokens (parts differ by topic then,
 * as they are drawn by the sample's own classes). Samples of classes that the run does not have are left out
 * before parts are made.
 *
 * @throws StrataError `bad-config` where the sample has nothing for the task: pictures for a task of texts, single
 *   texts for pairs; and what {@link sampleShard} throws.
 */
export function sampleForTask(raw: RawSamples, part: SamplePart): RawImages | RawTextSamples {
  const { task, labels, shard, of, seed } = part;
  if (raw.kind === 'image') {
    if (task !== 'classification') throw nothingFor(task, 'pictures');
    return sampleShard(withClasses(raw, labels), shard, of, seed);
  }
  return textsForTask(
    sampleShard(task === 'next-token' ? raw : withClasses(raw, labels), shard, of, seed),
    task,
  );
}

function textsForTask(raw: RawTexts, task: TaskName): RawTextSamples {
  const { texts, classes, heldOut } = raw;
  const split = heldOut ? { heldOut } : {};
  switch (task) {
    case 'classification':
      return raw;
    case 'multi-label': {
      const sets = Array.from(raw.labels, (label) => [label]);
      return { kind: 'label-sets', classes, texts, flags: flagsOf(sets, classes.length), ...split };
    }
    case 'sequence-pair':
      throw nothingFor(task, 'single texts');
    case 'next-token': {
      const places = texts.map((_, i) => ({ file: 'built-in data', line: i + 1 }));
      return { kind: 'documents', texts, places, ...split };
    }
    default:
      return task satisfies never;
  }
}

const nothingFor = (task: TaskName, what: string) =>
  new StrataError(
    'bad-config',
    `The built-in data has ${what} and nothing for the task "${task}" of this run.`,
    'Use data of your own, or make a run of another task.',
  );
