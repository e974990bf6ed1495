import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random } from '../random.ts';
import {
  cohortFor,
  cohortSize,
  drawCohort,
  drawFrom,
  lossesOf,
  minimumGroup,
  statedSampling,
} from './cohort.ts';
import { testConfig } from './testing/config.ts';

/** P(Binomial(n, q) >= goal) by the recursion over clients: the independent account of the tail. */
function atLeast(goal: number, n: number, q: number): number {
  let dist = [1];
  for (let i = 0; i < n; i++) {
    const next = new Array<number>(dist.length + 1).fill(0);
    dist.forEach((mass, k) => {
      next[k]! += mass * (1 - q);
      next[k + 1]! += mass * q;
    });
    dist = next;
  }
  return dist.slice(goal).reduce((a, b) => a + b, 0);
}

describe('cohortFor', () => {
  /** P(at least `goal` of n answer) where the rate of losses is Beta(lost, kept): a sum over rates in the middle of steps. */
  function whereUnknown(goal: number, n: number, lost: number, kept: number): number {
    const steps = 1000;
    let [weighed, all] = [0, 0];
    for (let i = 0; i < steps; i++) {
      const p = (i + 0.5) / steps;
      const weight = p ** (lost - 1) * (1 - p) ** (kept - 1);
      weighed += weight * atLeast(goal, n, 1 - p);
      all += weight;
    }
    return weighed / all;
  }

  it.each([
    [3, 1, 2],
    [3, 1, 59],
    [5, 4, 30],
    [10, 3, 7],
    [10, 60, 140],
  ])(
    'R10: for %i updates after %i losses and %i updates is the smallest that brings them in 99 of 100 rounds',
    (goal, missing, updates) => {
      const n = cohortFor(goal, { missing, updates });
      const met = (size: number) => whereUnknown(goal, size, missing + 0.5, updates + 4.5);
      expect(met(n)).toBeGreaterThanOrEqual(0.99 - 1e-4);
      expect(met(n - 1)).toBeLessThan(0.99 + 1e-4);
    },
  );

  it('is the goal where nobody was lost, more where less is known, and bounded where nobody answers', () => {
    expect(cohortFor(7, { missing: 0, updates: 0 })).toBe(7);
    expect(cohortFor(7, { missing: 0, updates: 900 })).toBe(7);
    const [known, unknown] = [
      cohortFor(10, { missing: 60, updates: 140 }),
      cohortFor(10, { missing: 6, updates: 14 }),
    ];
    expect(unknown).toBeGreaterThan(known);
    expect(known).toBeGreaterThanOrEqual(cohortSize(10, 0.3));
    for (const goal of [1, 3, 100]) {
      const most = cohortFor(goal, { missing: 1e6, updates: 0 });
      expect(most).toBe(cohortSize(goal, 0.9));
      expect(most).toBeLessThan(45 * goal);
    }
  });
});

describe('cohortSize', () => {
  it('R10: is the smallest cohort that meets the goal in 99 of 100 rounds', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 25 }),
        fc.double({ min: 0.001, max: 0.85, noNaN: true }),
        (goal, p) => {
          const n = cohortSize(goal, p);
          expect(atLeast(goal, n, 1 - p)).toBeGreaterThanOrEqual(0.99 - 1e-9);
          if (n > goal) expect(atLeast(goal, n - 1, 1 - p)).toBeLessThan(0.99 + 1e-9);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('R10: holds in a simulation of 20,000 rounds', () => {
    const r = random('simulation', 1);
    for (const [goal, p] of [
      [3, 0.1],
      [10, 0.3],
      [50, 0.2],
    ] as const) {
      const n = cohortSize(goal, p);
      let met = 0;
      const rounds = 20_000;
      for (let i = 0; i < rounds; i++) {
        let answered = 0;
        for (let c = 0; c < n; c++) if (r.uniform() >= p) answered++;
        if (answered >= goal) met++;
      }
      expect(met / rounds).toBeGreaterThan(0.985);
    }
  });

  it('is the goal itself without drop-outs, and finite at any rate', () => {
    expect(cohortSize(7, 0)).toBe(7);
    expect(cohortSize(10_000, 0.5)).toBeLessThan(21_000);
    expect(cohortSize(1, 1)).toBeLessThan(100);
  });
});

// A binomial tail computed in Python: the research of secure aggregation, A3.
it.each([
  [3, [5, 5, 7, 9]],
  [5, [7, 8, 10, 12]],
  [8, [11, 12, 15, 18]],
  [10, [13, 14, 18, 21]],
])('minimumGroup: %i are left of %j at losses of 5, 10, 20 and 30 percent', (least, groups) => {
  expect([0.05, 0.1, 0.2, 0.3].map((loss) => minimumGroup(least, loss))).toEqual(groups);
  expect(minimumGroup(least, 0)).toBe(least);
});

describe('lossesOf', () => {
  const round = { cohort: 4, updates: 4, missing: 0, slow: 0, allUpdates: 4 };
  it('counts members with and without an update over all rounds', () => {
    expect(lossesOf([], 4)).toEqual({ missing: 0, updates: 0 });
    const half = { cohort: 6, updates: 3, missing: 3, slow: 0, allUpdates: 3 };
    expect(lossesOf([round, half], 4)).toEqual({ missing: 3, updates: 7 });
  });

  it('leaves out whom the goal overtook, and whose round was abandoned before they could answer', () => {
    const overtaken = { cohort: 9, updates: 4, missing: 5, slow: 4, allUpdates: 4 };
    expect(lossesOf([overtaken], 4)).toEqual({ missing: 1, updates: 4 });
    expect(lossesOf([{ ...overtaken, updates: 3, allUpdates: 3 }], 4)).toEqual({ missing: 5, updates: 3 });
    const abandoned = { cohort: 3, updates: 0, missing: 1, slow: 0, allUpdates: 0 };
    expect(lossesOf([round, abandoned], 4)).toEqual({ missing: 1, updates: 4 });
  });
});

describe('the draw', () => {
  const ids = Array.from({ length: 20 }, (_, i) => `c${i}`);
  const answering = ids.map((id) => ({ id, missed: 0 }));
  const draw = (candidates = answering, round = 1, sampling = 'secret', size = 5, goal = 5) =>
    drawCohort(drawFrom(candidates, size, goal, round), sampling, round);

  it('R11: depends on the sampling seed and the round, not on the order of arrival', async () => {
    const cohort = await draw();
    expect(cohort).toHaveLength(5);
    expect(await draw([...answering].reverse())).toEqual(cohort);
    expect(await draw(answering, 2)).not.toEqual(cohort);
    expect(await draw(answering, 1, 'another')).not.toEqual(cohort);
  });

  it('takes everybody when there are fewer than wanted', async () => {
    expect(await draw(answering.slice(0, 2))).toEqual(['c0', 'c1']);
  });

  it('R11: an id chosen by a seed that is known is drawn no more often by one that is not', async () => {
    // Beside 14 others what counts of an id is its place among theirs: the attack looks for the best of the 15.
    const others = answering.slice(0, 14).sort((a, b) => (a.id < b.id ? -1 : 1));
    const places = ['a', ...others.map((c) => `${c.id}x`)];
    const times = async (id: string, sampling: string) => {
      const candidates = [...others, { id, missed: 0 }];
      const rounds = Array.from({ length: 14 }, (_, i) => draw(candidates, i + 1, sampling, 1, 1));
      return (await Promise.all(rounds)).filter((c) => c.includes(id)).length;
    };
    const byKnown = await Promise.all(places.map((id) => times(id, '1')));
    const most = Math.max(...byKnown);
    expect(most).toBeGreaterThanOrEqual((3 * 14) / 15);
    expect(await times(places[byKnown.indexOf(most)]!, 'f3'.repeat(32))).toBeLessThan(most / 2);
  });

  it('asks those that missed rounds last, those that missed least before the others', async () => {
    const missed = (id: string) => Number(id.slice(1)) % 4;
    const some = ids.map((id) => ({ id, missed: missed(id) })); // 5 of each
    const enough = await draw(some, 1, 'secret', 5, 5);
    expect(enough.map(missed)).toEqual([0, 0, 0, 0, 0]);
    const fill = await draw(some, 1, 'secret', 7, 7);
    expect(fill.map(missed).sort()).toEqual([0, 0, 0, 0, 0, 1, 1]);
    // however large the cohort is for drop-outs, they are asked for the goal only
    expect(await draw(some, 1, 'secret', 50, 7)).toHaveLength(7);
  });

  it('asks one of them besides in every fourth round, so that it is seen who is back', async () => {
    const one = [...answering.slice(0, 6), { id: 'back', missed: 3 }];
    const with4 = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((round) => draw(one, round, 'x', 5, 3)));
    expect(with4.map((c) => c.includes('back'))).toEqual([
      false,
      false,
      false,
      true,
      false,
      false,
      false,
      true,
    ]);
  });

  it('is by a seed that a test states, and by none that a study could', () => {
    expect(statedSampling(testConfig({ purpose: { kind: 'test', sampling: 7 } }))).toBe('7');
    expect(statedSampling(testConfig({ purpose: { kind: 'test' } }))).toBeNull();
    expect(statedSampling(testConfig({ purpose: { kind: 'study' } }))).toBeNull();
  });
});
