import { sampleCount } from '@strata/fl-core/data';
import { type NamedTensor, type SealedTerms, StrataError, type Work } from '@strata/fl-core/protocol';
import type { JobControl } from '@strata/fl-core/training';
import { type JobStage, type JobTools, partsOf, unprotected } from './perform.ts';

/** What a client of a sealed round has to say, of which nothing leaves it before it is masked. */
export interface Trained {
  readonly update: readonly NamedTensor[];
  /** d_i, training samples. */
  readonly samples: number;
  /** The last loss of training. */
  readonly trainLoss: number;
  /** Of the model that the round started from, on what is held out; null where that is nothing. */
  readonly before: { readonly samples: number; readonly loss: number; readonly accuracy: number } | null;
  /** Of the same model, by selectable layer; null where nobody asked. */
  readonly scores: Readonly<Record<string, number>> | null;
}

/** The configuration refuses it; a server that asks all the same is not answered. */
const unsummed = () =>
  new StrataError(
    'bad-config',
    'The server asks for figures of samples that are to be protected, in a sum without noise.',
    'A run that protects each sample is not sealed: the person who runs it can make a new one.',
  );

type Training = Extract<Work, { readonly kind: 'train' }> & { readonly seal: SealedTerms };

/**
 * Does the training of a sealed round: tries the model on held-out data, probes it where scores are summed, trains. What
 * a probe and an evaluation would tell in the clear travels in the masked words.
 * @throws as `perform`.
 */
export async function contribute(
  work: Training,
  tools: JobTools,
  control: JobControl & { readonly signal: AbortSignal },
  report: (stage: JobStage) => void,
): Promise<Trained> {
  if (tools.guard !== null) throw unsummed();
  const parts = partsOf(tools, control, report);
  const { train, heldOut } = tools.data;
  const { seed } = work;
  const { score } = work.seal;
  await parts.fetch(work);
  const before = sampleCount(heldOut) === 0 ? null : await parts.evaluate();
  const probed = score === null ? null : await parts.probe({ seed, score });
  if (work.method.kind !== 'steps') throw unprotected();
  const { update, loss } = await parts.train(work, work.method.epochs);
  return {
    update,
    samples: sampleCount(train),
    trainLoss: loss,
    before,
    scores: probed?.scores ?? null,
  };
}
