import { StrataError } from '../protocol/errors.ts';
import { type TaskName, taskNamed } from '../tasks/index.ts';
import { type RawImages, type RawSamples, withClasses } from './raw-samples.ts';
import { sampleShard } from './sample-shard.ts';
import { formOf, type RawTextSamples } from './texts/forms/index.ts';

export interface SamplePart {
  readonly task: TaskName;
  /** The run's labels; none where the task has none. */
  readonly labels: readonly string[];
  /** Which part of how many, and the seed that everybody shares: see {@link sampleShard}. */
  readonly shard: number;
  readonly of: number;
  readonly seed: number;
}

/**
 * One participant's part of a built-in sample as the task of a run takes it. Samples of classes that the run does not
 * have are left out before parts are made; where the task has no labels, all are taken, and parts still differ by
 * topic, as they are drawn by the sample's own classes.
 *
 * @throws StrataError `bad-config` where the sample has nothing for the task: pictures for a task of texts, single
 *   texts for pairs; and what {@link sampleShard} throws.
 */
export function sampleForTask(raw: RawSamples, part: SamplePart): RawImages | RawTextSamples {
  const { task, labels, shard, of, seed } = part;
  const { takes, labels: examples } = taskNamed(task);
  if (raw.kind === 'image') {
    if (!takes('image')) throw nothingFor(task, 'pictures');
    return sampleShard(withClasses(raw, labels), shard, of, seed);
  }
  const { ofTexts } = formOf(task);
  if (ofTexts === null) throw nothingFor(task, 'single texts');
  return ofTexts(sampleShard(examples === null ? raw : withClasses(raw, labels), shard, of, seed));
}

const nothingFor = (task: TaskName, what: string) =>
  new StrataError(
    'bad-config',
    `The built-in data has ${what} and nothing for the task "${task}" of this run.`,
    'Use data of your own, or make a run of another task.',
  );
