import { tanh } from '@tensorflow/tfjs-core';
import { firstToken } from '../../blocks/first-token.ts';
import { project } from '../../blocks/named.ts';
import { encoderStages } from '../../encoder/stages.ts';
import type { CreateModel, Stage } from '../../model.ts';
import { tokenInput } from '../../token-input.ts';
import { robertaLayout } from './layout.ts';
import type { RobertaSpec } from './spec.ts';

/** RoBERTa (Liu et al., arXiv 1907.11692), XLM-RoBERTa (arXiv 1911.02116): BERT's encoder, a head of two maps. */
export const createModel: CreateModel<RobertaSpec> = (spec, { classes }) => ({
  layout: robertaLayout(spec, classes),
  classes,
  stages: [...encoderStages('roberta', spec), headStage],
  input: (batch) => tokenInput(spec, batch, 'after-padding'),
});

/** (B, T, D) -> (B, C). */
const headStage: Stage = {
  layer: 'head',
  forward(parameters, { x }) {
    const hidden = tanh(project(parameters, firstToken(x), 'classifier.dense')); // (B, D)
    return { x: project(parameters, hidden, 'classifier.out_proj') };
  },
};
