import type { EarlierProbe } from '../selection/trainers.ts';
import type { Round } from '../types.ts';

/**
 * In a sealed run nobody's scores are known but their mean over all who took part: by that everybody's layers are
 * chosen, so that masks are nested and differ by budgets alone. It is of the model one round ago.
 * @param committed rounds, oldest first.
 */
export function commonProbes(
  clients: readonly string[],
  committed: readonly Pick<Round, 'sealed'>[],
): ReadonlyMap<string, EarlierProbe> {
  const newest = committed.findLast((round) => round.sealed?.scores)?.sealed?.scores;
  if (!newest) return new Map();
  return new Map(clients.map((client) => [client, { smoothed: newest, times: null, steps: null }]));
}
