import { defineOptimizer } from '../define-optimizer.ts';
import {
  adaptive,
  adaptiveOptions,
  beta1Field,
  beta2Field,
  rateField,
  share,
  tauField,
} from '../optimizer-parts.ts';

export const fedYogi = defineOptimizer({
  name: 'fedyogi',
  title: 'FedYogi',
  text: 'As FedAdam, with gentler changes of its steps (arXiv 2003.00295).',
  source: 'Reddi et al., arXiv 2003.00295',
  options: { ...adaptiveOptions, beta2: share.default(0.99) },
  fields: [rateField(0.01), beta1Field, beta2Field, tauField],
  create: ({ beta2, ...config }) =>
    adaptive(config, (v, square) => v - (1 - beta2) * square * Math.sign(v - square)),
});
