import { add, type Tensor } from '@tensorflow/tfjs-core';
import { blockStages } from '../block-stages.ts';
import { activate } from '../blocks/activate.ts';
import { attention } from '../blocks/attention.ts';
import { embedding } from '../blocks/embedding.ts';
import { masked } from '../blocks/masked.ts';
import { norm, project, projectOnto } from '../blocks/named.ts';
import type { TransformerSize } from '../common-spec.ts';
import type { Stage } from '../model.ts';
import { parameter } from '../parameters.ts';
import { tokenParts } from '../token-input.ts';
import type { EncoderSize } from './layout.ts';

/** Post-norm encoder of BERT and RoBERTa, (B, 3, T) -> (B, T, D): the stages of `encoderLayers`. */
export function encoderStages(prefix: string, size: EncoderSize & TransformerSize): Stage[] {
  return [
    embedStage(`${prefix}.embeddings`, size.layerNormEps),
    ...Array.from({ length: size.depth }, (_, index) => block(prefix, size, index)).flat(),
  ];
}

/** Words, positions and segments added up, then a norm: (B, 3, T) -> (B, T, D). */
const embedStage = (prefix: string, epsilon: number): Stage => ({
  layer: 'embed',
  forward(parameters, activation) {
    const { ids, positions, segments } = tokenParts(activation.x);
    const rows = (name: string, which: Tensor) =>
      embedding(parameter(parameters, `${prefix}.${name}.weight`), which);
    const sum = add(
      add(rows('word_embeddings', ids), rows('position_embeddings', positions)),
      rows('token_type_embeddings', segments),
    ); // (B, T, D)
    return masked(norm(parameters, sum, `${prefix}.LayerNorm`, epsilon), activation);
  },
});

/** (B, T, D) -> (B, T, D). */
function block(prefix: string, size: EncoderSize & TransformerSize, index: number): Stage[] {
  const { heads, layerNormEps: epsilon } = size;
  const name = `${prefix}.encoder.layer.${index}`;
  return blockStages(
    size.granularity,
    index,
    (parameters, activation) => {
      const { x, mask = null } = activation;
      const part = (which: string) => project(parameters, x, `${name}.attention.self.${which}`);
      const context = attention(part('query'), part('key'), part('value'), { heads, mask, causal: false });
      const sum = projectOnto(x, parameters, context, `${name}.attention.output.dense`);
      return masked(norm(parameters, sum, `${name}.attention.output.LayerNorm`, epsilon), activation);
    },
    (parameters, activation) => {
      const { x } = activation;
      const inner = activate(size.activation, project(parameters, x, `${name}.intermediate.dense`));
      const sum = projectOnto(x, parameters, inner, `${name}.output.dense`);
      return masked(norm(parameters, sum, `${name}.output.LayerNorm`, epsilon), activation);
    },
  );
}
