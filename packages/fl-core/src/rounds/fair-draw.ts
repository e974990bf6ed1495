import { sampler } from './cohort.ts';
import type { Client, Run } from './types.ts';

/**
 * Who may be drawn into a cohort, where one network address has many clients that have not answered anything yet: no more
 * of those than all other ready clients together, or the goal if that is more. So that nobody who opens a thousand tabs
 * and answers in none of them is a cohort by himself; a school alone in a run is not held back.
 * @param addressOf the address of a client that has not answered yet; null for everybody else.
 * @returns who may; which of those is drawn as cohorts are, others in every round (R11).
 */
export async function fairDraw<C extends Pick<Client, 'id'>>(
  { config, sampling }: Pick<Run, 'config' | 'sampling'>,
  round: number,
  ready: readonly C[],
  addressOf: (client: C) => string | null,
): Promise<C[]> {
  const { goal } = config.cohort;
  const byAddress = new Map<string, string[]>();
  for (const client of ready) {
    const address = addressOf(client);
    if (address === null) continue;
    const there = byAddress.get(address) ?? [];
    byAddress.set(address, there);
    there.push(client.id);
  }
  const fullest = [...byAddress.values()].reduce((a, b) => (b.length > a.length ? b : a), []);
  const others = ready.length - fullest.length;
  if (others === 0 || fullest.length <= Math.max(others, goal)) return [...ready];
  const out = new Set(
    (await sampler(sampling, round, 'fair-draw')).shuffle([...fullest].sort()).slice(Math.max(others, goal)),
  );
  return ready.filter(({ id }) => !out.has(id));
}
