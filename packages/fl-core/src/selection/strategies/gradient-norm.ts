import { z } from 'zod';
import { defineStrategy } from '../define.ts';
import { ownBest } from '../own-best.ts';
import { scoreField, scoreHeading, scoreKinds } from '../score-kinds.ts';

/** By squared norms of gradients, or another score: P1 with lambda 0 (baseline of Sun et al., arXiv 2408.15600). */
export const gradientNorm = defineStrategy({
  name: 'gradient-norm',
  title: 'Gradient norm',
  text: 'Every participant trains the layers with its own largest gradients, whatever the others do.',
  source: 'P1 with λ 0; Sun et al., arXiv 2408.15600',
  group: 'first',
  options: {
    /** What the probe measures. */
    score: z.enum(scoreKinds).default('squared-norm'),
  },
  fields: [scoreField],
  start: {},
  heading: ({ score }) => `gradient norm${scoreHeading(score)}`,
  create: ({ score }) => ownBest(score),
});
