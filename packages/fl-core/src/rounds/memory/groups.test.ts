import { describe, expect, it } from 'vitest';
import type { RunConfigInput } from '../../protocol/index.ts';
import { testConfig, tinyModel } from '../testing/config.ts';
import { answerAll, memoryRun, startCrew } from '../testing/crew.ts';

/** How many clients each layer had in each committed round. */
async function groupsOf(minimumGroup: number | undefined, more: Partial<RunConfigInput>): Promise<number[]> {
  const config = testConfig({
    model: tinyModel,
    side: 8,
    rounds: 6,
    cohort: { goal: 5, minimum: 5, quorum: 0.5 },
    budget: { kind: 'fixed', unit: 'layers', amount: 1 },
    ...more,
  });
  const run = await memoryRun({ config, minimumGroup });
  await answerAll(run, await startCrew(run, 5));
  expect(run.book.committed).toHaveLength(6);
  return run.book.committed.flatMap(({ round }) => {
    const masks = run.book.cohort(round).flatMap((m) => m.mask!);
    return [...new Set(masks)].map((layer) => masks.filter((l) => l === layer).length);
  });
}

describe('a run with a smallest group', () => {
  it.each<[string, Partial<RunConfigInput>]>([
    ['random', { strategy: { name: 'random' } }],
    ['strata', { strategy: { name: 'strata', lambda: 0 } }],
    ['masks that are kept', { strategy: { name: 'random' }, selection: { every: 3 } }],
  ])('has no layer with fewer members in any round: %s', async (_, more) => {
    expect(Math.min(...(await groupsOf(undefined, more)))).toBeLessThan(3); // or this would show nothing
    const groups = await groupsOf(3, more);
    expect(groups.length).toBeGreaterThan(0);
    expect(Math.min(...groups)).toBeGreaterThanOrEqual(3);
  });

  it('trains the head alone where the cohort is smaller than a group', async () => {
    expect(await groupsOf(6, { strategy: { name: 'random' } })).toEqual([]);
  });
});
