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

export const fedAdam = defineOptimizer({
  name: 'fedadam',
  title: 'FedAdam',
  text: 'Adam on the server (arXiv 2003.00295).',
  source: 'Reddi et al., arXiv 2003.00295',
  options: { ...adaptiveOptions, beta2: share.default(0.99) },
  fields: [rateField(0.01), beta1Field, beta2Field, tauField],
  create: ({ beta2, ...config }) => adaptive(config, (v, square) => beta2 * v + (1 - beta2) * square),
});
