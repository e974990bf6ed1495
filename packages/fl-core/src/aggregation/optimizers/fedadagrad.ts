import { defineOptimizer } from '../define-optimizer.ts';
import { adaptive, adaptiveOptions, beta1Field, rateField, tauField } from '../optimizer-parts.ts';

export const fedAdagrad = defineOptimizer({
  name: 'fedadagrad',
  title: 'FedAdagrad',
  text: 'Steps shrink where much has changed so far (arXiv 2003.00295).',
  source: 'Reddi et al., arXiv 2003.00295',
  options: adaptiveOptions,
  fields: [rateField(0.01), beta1Field, tauField],
  create: (config) => adaptive(config, (v, square) => v + square),
});
