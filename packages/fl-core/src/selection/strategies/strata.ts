import { z } from 'zod';
import { defineStrategy } from '../define.ts';
import { checkedClients, masksOfOpen, openLayers } from '../input.ts';
import { chooseOnLadder } from '../p1/ladder.ts';
import type { MaskProblem, MaskSolution } from '../p1/problem.ts';
import { solveMasks } from '../p1/solve.ts';
import { topUp } from '../p1/top-up.ts';
import { scoreField, scoreHeading, scoreKinds } from '../score-kinds.ts';
import { completeScores, meanOf } from '../scores.ts';
import type { ScoredStrategy } from '../strategy.ts';

/**
 * Cosine of clients' gradients of a layer where nobody says it: about what deit-tiny had after a few rounds on pictures
 * of the same things in four styles; where labels differ it is smaller (docs/decisions.md, 2026-11-27).
 */
const usualAlignment = 0.25;

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
  // The same masks, or as good, for a fifth of the probes (docs/decisions.md, Selection, 2026-11-28).
  keptFor: 5,
  options: {
    /** Price of disagreeing; not looked at where it is chosen each round. */
    lambda: z.number().min(0).max(1e6).default(1),
    /**
     * `relative`: in units of the mean score over clients and layers, since raw norms have no scale. `auto`: each round
     * the lambda whose masks have the smallest estimated E1 + E2 ({@link chooseOnLadder}).
     */
    lambdaScale: z.enum(['relative', 'absolute', 'auto']).default('relative'),
    /** Where lambda is chosen each round: the cosine that clients' gradients of a layer are taken to have; {@link usualAlignment} if absent. */
    alignment: z.number().min(0).max(1).optional(),
    /** What the probe measures. */
    score: z.enum(scoreKinds).default('squared-norm'),
  },
  fields: [
    {
      kind: 'price',
      option: 'lambda',
      label: 'λ, the price of disagreeing',
      short: 'λ',
      description: ({ lambdaScale }) =>
        scaleTexts[lambdaScale === 'absolute' || lambdaScale === 'auto' ? lambdaScale : 'relative'],
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
        { value: 'auto', label: 'Chosen each round' },
      ],
    },
    {
      kind: 'number',
      option: 'alignment',
      label: 'How alike gradients point',
      description: `For λ chosen each round. 1: the same way; 0: nothing in common; ${usualAlignment} if empty`,
      step: 0.05,
      advanced: true,
    },
    scoreField,
  ],
  start: { lambda: 1 },
  heading: ({ lambda, lambdaScale, score }) => {
    const measured = scoreHeading(score);
    switch (lambdaScale) {
      case 'relative':
        return `strata, λ ${lambda}${measured}`;
      case 'absolute':
        return `strata, λ ${lambda} absolute${measured}`;
      case 'auto':
        return `strata, λ chosen each round${measured}`;
      default:
        return lambdaScale satisfies never;
    }
  },
  create: ({ lambda, lambdaScale, score, alignment = usualAlignment }): ScoredStrategy => ({
    needs: 'scores',
    score,
    select: (input) => {
      const clients = checkedClients(input);
      const { open, ofOpen } = openLayers(input);
      const scores = completeScores(clients, input.layers.length).map(ofOpen);
      const problem = {
        scores,
        costs: ofOpen(input.costs),
        reach: input.reach && ofOpen(input.reach),
        budgets: clients.map((c) => c.budget),
        minimumGroup: input.minimumGroup,
      };
      const unit = meanOf(scores);
      const solved =
        lambdaScale === 'auto'
          ? chooseOnLadder(problem, { scores, samples: clients.map((c) => c.samples), alignment })
          : atLambda({ ...problem, lambda: lambda * (lambdaScale === 'absolute' ? 1 : unit) });
      const { objective, bound, proved } = solved.solution;
      const taken = unit > 0 ? solved.lambda / unit : 0;
      const masks = masksOfOpen(input, open, clients, solved.masks);
      return { masks, objective, bound, proved, lambda: taken };
    },
  }),
});

/** P1 and the top-up at one lambda. */
function atLambda(problem: MaskProblem): { lambda: number; solution: MaskSolution; masks: Uint8Array[] } {
  const solution = solveMasks(problem);
  return { lambda: problem.lambda, solution, masks: topUp(problem, solution.masks) };
}

const scaleTexts = {
  relative: 'In units of the mean score, since gradients have no scale of their own.',
  absolute: 'Absolute, as set under Advanced: in the unit of the scores.',
  auto: 'Not looked at: chosen each round, as set under Advanced, by the estimated error of the masks.',
} as const;

function lambdaWords(lambda: number): string {
  if (lambda === 0) return 'Everyone trains its own best layers.';
  if (lambda < 0.3) return 'Own layers first; close calls go to layers that others train, too.';
  if (lambda < 2) return 'Participants agree wherever that costs little importance.';
  return 'Practically one common set of layers for all.';
}
