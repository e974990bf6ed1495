import { defineStrategy } from '../define.ts';
import { ownBest } from '../own-best.ts';

/** By signal-to-noise ratios (Mahsereci et al., arXiv 1703.09580; baseline of Sun et al., arXiv 2408.15600). */
export const snr = defineStrategy({
  name: 'snr',
  title: 'Signal to noise',
  text: 'Every participant trains the layers whose gradients its samples agree on most.',
  source: 'Mahsereci et al., arXiv 1703.09580',
  group: 'scores',
  options: {},
  fields: [],
  start: {},
  heading: () => 'signal to noise',
  create: () => ownBest('snr'),
});
