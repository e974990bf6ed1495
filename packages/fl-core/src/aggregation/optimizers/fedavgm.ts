import { defineOptimizer } from '../define-optimizer.ts';
import { rateField, serverRate, share, shareField } from '../optimizer-parts.ts';

export const fedAvgM = defineOptimizer({
  name: 'fedavgm',
  title: 'FedAvgM',
  text: 'Keeps some momentum from round to round (arXiv 1909.06335).',
  source: 'Hsu et al., arXiv 1909.06335',
  options: { learningRate: serverRate.default(1), momentum: share.default(0.9) },
  fields: [rateField(0.1), shareField('momentum', 'Momentum')],
  create: ({ learningRate, momentum }) => ({
    initialState: (elements) => ({ m: new Float32Array(elements), v: new Float32Array(0) }),
    step: (weights, { m }, offset, delta, rate) => {
      for (let k = 0; k < delta.length; k++) {
        const at = offset + k;
        m[at] = momentum * m[at]! + delta[k]!;
        weights[at]! += learningRate * rate * m[at]!;
      }
    },
  }),
});
