import { defineStrategy } from '../define.ts';
import { ownBest } from '../own-best.ts';

/** By relative gradient norms (Lee et al., "Surgical Fine-Tuning"; baseline of Sun et al., arXiv 2408.15600). */
export const rgn = defineStrategy({
  name: 'rgn',
  title: 'Relative gradient norm',
  text: 'Every participant trains the layers whose gradients are largest beside their weights.',
  source: 'Lee et al., arXiv 2210.11466',
  group: 'scores',
  options: {},
  fields: [],
  start: {},
  heading: () => 'relative gradient norm',
  create: () => ownBest('rgn'),
});
