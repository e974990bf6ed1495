import { defineStrategy } from '../define.ts';
import { ownBest } from '../own-best.ts';

/** By squared norms of gradients: P1 with lambda 0 (baseline of Sun et al., arXiv 2408.15600). */
export const gradientNorm = defineStrategy({
  name: 'gradient-norm',
  title: 'Gradient norm',
  text: 'Every participant trains the layers with its own largest gradients, whatever the others do.',
  source: 'P1 with λ 0; Sun et al., arXiv 2408.15600',
  group: 'first',
  options: {},
  fields: [],
  start: {},
  heading: () => 'gradient norm',
  create: () => ownBest('squared-norm'),
});
