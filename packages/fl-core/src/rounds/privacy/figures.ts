import { noisedMean } from '../../aggregation/index.ts';
import type { RandomWords } from '../../privacy/index.ts';
import { toldBy } from '../../protocol/index.ts';
import type { Change, Member, MemberChange, RoundFacts } from '../types.ts';
import { isOver } from '../verdict.ts';
import type { RoundPrivacy } from './spending.ts';

/** What a run under differential privacy publishes of how its models do, and keeps of it. */

/** How much a participant changes the sum of accuracies, at most. */
const clip = 1;

/** What counts of an accuracy: in [0, 1], whatever is claimed. */
const contribution = (accuracy: number): number =>
  Number.isNaN(accuracy) ? 0 : Math.min(clip, Math.max(0, accuracy));

type Tried = Pick<Member, 'client' | 'evaluation'>;

/** Of those who tried the model on data of their own, each once. Samples do not weigh. */
export const contributions = (
  cohort: readonly Tried[],
): { readonly client: string; readonly value: number }[] =>
  cohort.flatMap(({ client, evaluation }) =>
    evaluation === null || evaluation.samples === 0
      ? []
      : [{ client, value: contribution(evaluation.accuracy) }],
  );

/**
 * The mean of {@link contributions}, with Gaussian noise on the sum.
 * @param noise its standard deviation, over the 1 that a participant changes the sum by at most.
 * @param divisor what the sum is divided by, where that is not how many tried it: then it is published whoever did.
 * @returns null where nobody tried it.
 */
export async function noisedAccuracy(
  cohort: readonly Tried[],
  noise: number,
  words: RandomWords,
  divisor: number | null = null,
): Promise<{ readonly divisor: number; readonly value: number } | null> {
  const updates = contributions(cohort).map(({ client, value }) => {
    const own = Float32Array.of(value);
    return { client, samples: 1, length: own[0]!, read: () => own };
  });
  const count = divisor ?? updates.length;
  if (count === 0) return null;
  let value = 0;
  await noisedMean(
    updates,
    1,
    (_, mean) => {
      value = mean[0]!;
    },
    { clip, noise, words, divisor: count },
  );
  return { divisor: count, value };
}

/**
 * With what is published of the model that was tried, as the round ends, and without what each has said of it: that is not
 * kept. As it was where figures are told as they are reported, and for all other steps.
 */
export async function withPublished(
  { run: { config }, round, cohort }: RoundFacts,
  change: Change | null,
  words: RandomWords,
): Promise<Change | null> {
  if (change === null || round.phase !== 'evaluating' || !isOver(change.round.phase)) return change;
  if (config.privacy.kind !== 'client' || toldBy(config) === 'figures') return change;
  const members = new Map<string, MemberChange>(change.members);
  for (const { client, evaluation } of cohort) {
    if (evaluation === null) continue;
    const forgotten = { loss: 0, accuracy: 0, samples: evaluation.samples };
    members.set(client, { ...members.get(client), evaluation: forgotten });
  }
  const privacy =
    change.round.phase === 'committed' ? await published(round.privacy, cohort, words) : round.privacy;
  return { ...change, members, round: { ...change.round, privacy } };
}

async function published(
  privacy: RoundPrivacy | null,
  cohort: readonly Tried[],
  words: RandomWords,
): Promise<RoundPrivacy | null> {
  const { model, sample } = privacy ?? {};
  if (privacy === null || !model?.accuracy) return privacy;
  const { noise } = model.accuracy;
  const mean = await noisedAccuracy(cohort, noise, words, sample?.expected ?? null);
  return mean === null ? privacy : { ...privacy, model: { ...model, accuracy: { noise, ...mean } } };
}
