import { add, relu } from '@tensorflow/tfjs-core';
import { blockStages } from '../../block-stages.ts';
import { activate } from '../../blocks/activate.ts';
import { attention } from '../../blocks/attention.ts';
import { embedding } from '../../blocks/embedding.ts';
import { firstToken } from '../../blocks/first-token.ts';
import { masked } from '../../blocks/masked.ts';
import { norm, project, projectOnto } from '../../blocks/named.ts';
import type { CreateModel, Stage } from '../../model.ts';
import { parameter } from '../../parameters.ts';
import { tokenInput, tokenParts } from '../../token-input.ts';
import { distilBertLayout } from './layout.ts';
import type { DistilBertSpec } from './spec.ts';

/** DistilBERT (Sanh et al., arXiv 1910.01108) with transformers' head of two linear maps. */
export const createModel: CreateModel<DistilBertSpec> = (spec, { classes }) => ({
  layout: distilBertLayout(spec, classes),
  classes,
  stages: [
    embedStage(spec),
    ...Array.from({ length: spec.depth }, (_, index) => block(spec, index)).flat(),
    headStage,
  ],
  input: (batch) => tokenInput(spec, batch, 'from-zero'),
});

/** Words and positions added up, then a norm: (B, 3, T) -> (B, T, D). */
const embedStage = (spec: DistilBertSpec): Stage => ({
  layer: 'embed',
  forward(parameters, activation) {
    const prefix = 'distilbert.embeddings';
    const { ids, positions } = tokenParts(activation.x);
    const sum = add(
      embedding(parameter(parameters, `${prefix}.word_embeddings.weight`), ids),
      embedding(parameter(parameters, `${prefix}.position_embeddings.weight`), positions),
    ); // (B, T, D)
    return masked(norm(parameters, sum, `${prefix}.LayerNorm`, spec.layerNormEps), activation);
  },
});

/** Post-norm block: (B, T, D) -> (B, T, D). */
function block(spec: DistilBertSpec, index: number): Stage[] {
  const { heads, layerNormEps: epsilon } = spec;
  const prefix = `distilbert.transformer.layer.${index}`;
  return blockStages(
    spec.granularity,
    index,
    (parameters, activation) => {
      const { x, mask = null } = activation;
      const part = (name: string) => project(parameters, x, `${prefix}.attention.${name}`);
      const context = attention(part('q_lin'), part('k_lin'), part('v_lin'), { heads, mask, causal: false });
      const sum = projectOnto(x, parameters, context, `${prefix}.attention.out_lin`);
      return masked(norm(parameters, sum, `${prefix}.sa_layer_norm`, epsilon), activation);
    },
    (parameters, activation) => {
      const { x } = activation;
      const inner = activate(spec.activation, project(parameters, x, `${prefix}.ffn.lin1`));
      const sum = projectOnto(x, parameters, inner, `${prefix}.ffn.lin2`);
      return masked(norm(parameters, sum, `${prefix}.output_layer_norm`, epsilon), activation);
    },
  );
}

/** (B, T, D) -> (B, C). */
const headStage: Stage = {
  layer: 'head',
  forward(parameters, { x }) {
    const hidden = relu(project(parameters, firstToken(x), 'pre_classifier')); // (B, D)
    return { x: project(parameters, hidden, 'classifier') };
  },
};
