import { type MaskProblem, solveMasks } from '@strata/fl-core/selection';
import {
  costKinds,
  costOf,
  createOracle,
  ownAndCommon,
  randomProblem,
} from '@strata/fl-core/selection/testing';
import type { BenchContext, Benchmark } from './benchmark.ts';

/**
 * What a smallest group a layer costs P1 at lambda 0, as a share of what everybody's own best is worth, and beside it one
 * common set; then random instances of all kinds of costs. All beside HiGHS.
 */
export const groups: Benchmark = {
  title: 'P1 with a smallest group a layer: what is left of its value, beside HiGHS.',
  options: { instances: 300, seeds: 3, seconds: 20 },
  run,
};

/** Clients, budget of each in layers (of 12), spread of a client's own part of a score's logarithm beside the common part of 1. */
const settings = [
  { n: 50, budget: 2, spread: 1 },
  { n: 20, budget: 2, spread: 0.5 },
  { n: 20, budget: 2, spread: 1.5 },
  { n: 16, budget: 1, spread: 1 },
] as const;
const sizes = [3, 5, 8, 10];
/** Times the number of clients, in units of the mean score. */
const lambdas = [0, 0.4, 2];

async function* run({ options, log }: BenchContext) {
  const { instances = 0, seeds = 0, seconds = 0 } = options;
  const oracle = await createOracle();
  const tally = { all: 0, proved: 0, compared: 0, unequal: 0, broken: 0 };
  for (const { n, budget, spread } of settings) {
    for (const minimumGroup of sizes) {
      const shares: number[] = [];
      for (let seed = 1; seed <= seeds; seed++) {
        const problem = ownAndCommon({ clients: n, layers: 12, budget, spread, seed });
        const free = solveMasks(problem).objective;
        const row = measure({ ...problem, minimumGroup });
        shares.push(row.objective / free);
        const common = solveMasks({ ...problem, minimumGroup: n }).objective;
        yield { n, l: 12, budget, spread, seed, share: row.objective / free, common: common / free, ...row };
      }
      const mean = shares.reduce((a, b) => a + b, 0) / shares.length;
      log(`N=${n} R=${budget} spread ${spread}, groups of ${minimumGroup}: ${mean.toFixed(3)} of the value`);
    }
  }
  const each = Math.ceil(instances / (costKinds.length * lambdas.length));
  for (const costs of costKinds) {
    for (const lambda of lambdas) {
      for (let seed = 1; seed <= each; seed++) {
        const n = 5 + (seed % 4);
        const l = 5 + (seed % 3);
        const problem = randomProblem({ clients: n, layers: l, costs, lambda: lambda / n, seed });
        yield { n, l, costs, lambda, seed, ...measure({ ...problem, minimumGroup: 2 + (seed % (n - 2)) }) };
      }
    }
  }
  log(
    `${tally.proved} of ${tally.all} proved; ${tally.compared} proved by HiGHS, too, ${tally.unequal} unequal; ${tally.broken} break a group or a budget`,
  );

  function measure(problem: MaskProblem & { minimumGroup: number }) {
    const start = performance.now();
    const { masks, objective, bound, proved } = solveMasks(problem);
    const ms = performance.now() - start;
    const answer = oracle(problem, seconds);
    const gap = answer.proved ? (answer.objective! - objective) / Math.max(answer.objective!, 1e-9) : null;
    const counts = problem.costs.map((_, l) => masks.filter((m) => m[l] === 1).length);
    const broken =
      counts.some((k) => k > 0 && k < problem.minimumGroup) ||
      masks.some((mask, i) => costOf(problem, mask) > problem.budgets[i]! * (1 + 1e-9));
    tally.all++;
    if (proved) tally.proved++;
    if (gap !== null) tally.compared++;
    if (gap !== null && Math.abs(gap) > 1e-6) tally.unequal++;
    if (broken) tally.broken++;
    return {
      minimumGroup: problem.minimumGroup,
      objective,
      bound,
      proved,
      gapToOracle: gap,
      layersInUse: counts.filter((k) => k > 0).length,
      broken,
      ms,
    };
  }
}
