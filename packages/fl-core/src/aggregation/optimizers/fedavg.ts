import { defineOptimizer } from '../define-optimizer.ts';
import { rateField, serverRate } from '../optimizer-parts.ts';

/** With learning rate 1 plain federated averaging (R6). */
export const fedAvg = defineOptimizer({
  name: 'fedavg',
  title: 'FedAvg',
  text: 'Takes the change as it is; a rate below 1 takes a part of it.',
  source: 'McMahan et al., arXiv 1602.05629',
  options: { learningRate: serverRate.default(1) },
  fields: [rateField(0.1)],
  create: ({ learningRate }) => ({
    initialState: () => ({ m: new Float32Array(0), v: new Float32Array(0) }),
    step: (weights, _, offset, delta, rate) => {
      for (let k = 0; k < delta.length; k++) weights[offset + k]! += learningRate * rate * delta[k]!;
    },
  }),
});
