import { bufferOf, type RunConfig } from '@strata/fl-core/protocol';
import { bufferedProblems } from '@strata/fl-core/rounds';
import { UsageError } from '../../experiment.ts';
import type { Plan } from '../config.ts';

/** Refuses what a buffer cannot be made with, as a server does. Throws {@link UsageError} with the reason and what to do. */
export function checkBuffered(plan: Plan, config: RunConfig): void {
  const { buffered, clients } = plan;
  if (buffered === undefined) {
    if (bufferOf(config) === null) return;
    throw new UsageError(
      'run.cohort.timing: the simulator plays buffers on a time of its own; say `buffered` beside `run`.',
    );
  }
  const { updates, atWork, staleness } = buffered;
  const timing = { kind: 'buffered' as const, atWork, staleness };
  const asked = { ...config, cohort: { ...config.cohort, goal: updates, timing } };
  const found = bufferedProblems(asked).map(({ message }) => message);
  if (atWork > clients) found.push(`buffered.atWork is ${atWork}, of ${clients} clients.`);
  if (found.length > 0) throw new UsageError(`A buffered run cannot have this:\n${found.join('\n')}`);
}
