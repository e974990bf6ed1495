import { tanh } from '@tensorflow/tfjs-core';
import { firstToken } from '../../blocks/first-token.ts';
import { project } from '../../blocks/named.ts';
import { encoderStages } from '../../encoder/stages.ts';
import type { CreateModel, Stage } from '../../model.ts';
import { tokenInput } from '../../token-input.ts';
import { bertLayout } from './layout.ts';
import type { BertSpec } from './spec.ts';

/** BERT (Devlin et al., arXiv 1810.04805) with a linear classifier on its pooled first token. */
export const createModel: CreateModel<BertSpec> = (spec, { classes }) => ({
  layout: bertLayout(spec, classes),
  classes,
  stages: [...encoderStages('bert', spec), headStage],
  input: (batch) => tokenInput(spec, batch, 'from-zero'),
});

/** (B, T, D) -> (B, C). */
const headStage: Stage = {
  layer: 'head',
  forward(parameters, { x }) {
    const pooled = tanh(project(parameters, firstToken(x), 'bert.pooler.dense')); // (B, D)
    return { x: project(parameters, pooled, 'classifier') };
  },
};
