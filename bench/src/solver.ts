import { solveMasks } from '@strata/fl-core/selection';
import {
  type CostKind,
  costKinds,
  costOf,
  createOracle,
  randomProblem,
} from '@strata/fl-core/selection/testing';
import type { BenchContext, Benchmark } from './benchmark.ts';

/**
 * P1 beside HiGHS (issue: objective equal wherever HiGHS proves its own). N = 20, L = 12 is swept over all kinds of
 * costs, five lambdas and budgets of 1 to 4 layers; HiGHS needs N (N - 1) L / 2 variables for the disagreement and is
 * asked up to N = 20 only.
 */
export const solver: Benchmark = {
  title: 'P1 solver beside HiGHS: quality, bound and time.',
  options: { instances: 300, seconds: 20 },
  run,
};

/** Times the number of clients, in units of the mean score: from nearly free to nearly one common set. */
const lambdas = [0.1, 0.4, 1, 2, 6];
const largestForOracle = 20;

/** What {@link summary} reads of a row. */
interface SolverRow {
  readonly ms: number;
  readonly proved: boolean;
  readonly overBudget: number;
  /** Share of HiGHS's proved optimum that is missing; null where it proved none. */
  readonly gapToOracle: number | null;
}

async function* run({ options, log }: BenchContext): AsyncIterable<SolverRow> {
  const { instances = 0, seconds = 0 } = options;
  const oracle = await createOracle();
  const sizes = [
    { n: 20, l: 12, seeds: Math.ceil(instances / (lambdas.length * costKinds.length)) },
    { n: 20, l: 48, seeds: 1 },
    { n: 100, l: 12, seeds: 1 },
    { n: 100, l: 24, seeds: 1 },
    { n: 100, l: 48, seeds: 1 },
    { n: 1000, l: 12, seeds: 1 },
    { n: 1000, l: 48, seeds: 1 },
  ];
  solveMasks(randomProblem({ clients: 20, layers: 12, costs: 'general', lambda: 0.02, seed: 0 })); // warms up
  for (const { n, l, seeds } of sizes) {
    const rows: SolverRow[] = [];
    for (const costs of costKinds) {
      for (const lambda of lambdas) {
        for (let seed = 1; seed <= seeds; seed++) {
          const row = measure({ n, l, costs, lambda: lambda / n, seed });
          rows.push(row);
          yield row;
        }
      }
    }
    log(summary(`N=${n} L=${l}`, rows));
  }

  function measure(instance: { n: number; l: number; costs: CostKind; lambda: number; seed: number }) {
    const { n, l, costs, lambda, seed } = instance;
    const problem = randomProblem({ clients: n, layers: l, costs, lambda, seed });
    const start = performance.now();
    const { masks, objective, bound, proved } = solveMasks(problem);
    const ms = performance.now() - start;
    const asked = performance.now();
    const answer = n <= largestForOracle ? oracle(problem, seconds) : null;
    const compared = answer?.proved ? answer.objective : null;
    return {
      ...instance,
      gapToOracle: compared === null ? null : round((compared - objective) / compared),
      boundGap: round((bound - objective) / bound),
      proved,
      overBudget: masks.filter((mask, i) => costOf(problem, mask) > capacity(problem.budgets[i]!)).length,
      ms: round(ms),
      oracleMs: answer ? round(performance.now() - asked) : null,
      oracleProved: answer?.proved ?? null,
    };
  }
}

/** What a budget holds, rounding errors forgiven. */
const capacity = (budget: number): number => budget * (1 + 1e-9);

/** Nine significant digits: below that there is rounding noise only. */
const round = (value: number): number => (Math.abs(value) < 1e-12 ? 0 : Number(value.toPrecision(6)));

function summary(size: string, rows: readonly SolverRow[]): string {
  const ms = rows.map((r) => Number(r.ms)).sort((a, b) => a - b);
  const compared = rows.filter((r) => r.gapToOracle !== null);
  const unequal = compared.filter((r) => Math.abs(Number(r.gapToOracle)) > 1e-6);
  return [
    `${size}: ${rows.filter((r) => r.proved).length} of ${rows.length} proved`,
    `median ${ms[ms.length >> 1]?.toFixed(1)} ms, slowest ${ms.at(-1)?.toFixed(0)} ms`,
    `${compared.length} compared with HiGHS, ${unequal.length} unequal`,
    `${rows.filter((r) => r.overBudget !== 0).length} over budget`,
  ].join('; ');
}
