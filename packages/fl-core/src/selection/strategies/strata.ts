import { z } from 'zod';
import { defineStrategy } from '../define.ts';
import { checkedClients } from '../input.ts';
import type { MaskProblem } from '../p1/problem.ts';
import { solveMasks } from '../p1/solve.ts';
import { topUp } from '../p1/top-up.ts';
import { completeScores, meanOf } from '../scores.ts';
import type { ScoredStrategy } from '../strategy.ts';

/**
 * P1: important layers for each client, and agreement between the clients, traded by lambda; then the nested top-up.
 * `objective`, `bound` and `proved` are those of P1, before the top-up.
 */
export const strata = defineStrategy({
  name: 'strata',
  title: 'Strata',
  text: 'Weighs what matters to each participant against agreement between them. λ sets the price of disagreeing.',
  source: 'Sun et al., arXiv 2408.15600, problem P1',
  group: 'first',
  solver: true,
  options: {
    /** Price of disagreeing. */
    lambda: z.number().min(0).max(1e6),
    /** `relative`: in units of the mean score over clients and layers, since raw norms have no scale. */
    lambdaScale: z.enum(['relative', 'absolute']).default('relative'),
  },
  fields: [
    {
      kind: 'price',
      option: 'lambda',
      label: 'λ, the price of disagreeing',
      short: 'λ',
      description: ({ lambdaScale }) =>
        lambdaScale === 'relative'
          ? 'In units of the mean score, since gradients have no scale of their own.'
          : 'Absolute, as set under Advanced: in the unit of the scores.',
      words: lambdaWords,
    },
    {
      kind: 'choice',
      option: 'lambdaScale',
      label: 'Unit of λ',
      advanced: true,
      choices: [
        { value: 'relative', label: 'Mean score' },
        { value: 'absolute', label: 'Absolute' },
      ],
    },
  ],
  start: { lambda: 1 },
  heading: ({ lambda, lambdaScale }) => `strata, λ ${lambda}${lambdaScale === 'absolute' ? ' absolute' : ''}`,
  create: ({ lambda, lambdaScale }): ScoredStrategy => ({
    needs: 'scores',
    score: 'squared-norm',
    select: (input) => {
      const clients = checkedClients(input);
      const scores = completeScores(clients, input.layers.length);
      const problem: MaskProblem = {
        scores,
        costs: input.costs,
        budgets: clients.map((c) => c.budget),
        lambda: lambda * (lambdaScale === 'absolute' ? 1 : meanOf(scores)),
      };
      const { masks, objective, bound, proved } = solveMasks(problem);
      const topped = topUp(problem, masks);
      const named = clients.map(
        (c, i) => [c.id, input.layers.filter((_, l) => topped[i]![l] === 1)] as const,
      );
      return { masks: Object.fromEntries(named), objective, bound, proved };
    },
  }),
});

function lambdaWords(lambda: number): string {
  if (lambda === 0) return 'Everyone trains its own best layers.';
  if (lambda < 0.3) return 'Own layers first; close calls go to layers that others train, too.';
  if (lambda < 2) return 'Participants agree wherever that costs little importance.';
  return 'Practically one common set of layers for all.';
}
