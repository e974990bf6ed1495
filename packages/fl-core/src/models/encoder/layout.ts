import { blockLayers } from '../block-layers.ts';
import type { LayerSpec } from '../layout.ts';
import { linearTensors, normTensors, table } from '../tensor-specs.ts';
import type { EncoderSpec } from './config.ts';

/** What the encoders of BERT and RoBERTa have in common, under the names `prefix.embeddings` and `prefix.encoder`. */
export type EncoderSize = Pick<
  EncoderSpec,
  'vocabulary' | 'segments' | 'dim' | 'depth' | 'mlp' | 'granularity'
>;

/** Embeddings and blocks. `positions`: rows of the position table. */
export function encoderLayers(prefix: string, size: EncoderSize, positions: number): LayerSpec[] {
  const { vocabulary, segments, dim, depth } = size;
  return [
    {
      name: 'embed',
      role: 'embed',
      tensors: [
        table(`${prefix}.embeddings.word_embeddings.weight`, vocabulary, dim),
        table(`${prefix}.embeddings.position_embeddings.weight`, positions, dim),
        table(`${prefix}.embeddings.token_type_embeddings.weight`, segments, dim),
        ...normTensors(`${prefix}.embeddings.LayerNorm`, dim),
      ],
    },
    ...Array.from({ length: depth }, (_, index) => block(prefix, size, index)).flat(),
  ];
}

function block(prefix: string, { dim, mlp, granularity }: EncoderSize, index: number): LayerSpec[] {
  const name = `${prefix}.encoder.layer.${index}`;
  return blockLayers(
    granularity,
    index,
    [
      ...['self.query', 'self.key', 'self.value', 'output.dense'].flatMap((part) =>
        linearTensors(`${name}.attention.${part}`, dim, dim),
      ),
      ...normTensors(`${name}.attention.output.LayerNorm`, dim),
    ],
    [
      ...linearTensors(`${name}.intermediate.dense`, dim, mlp),
      ...linearTensors(`${name}.output.dense`, mlp, dim),
      ...normTensors(`${name}.output.LayerNorm`, dim),
    ],
  );
}
