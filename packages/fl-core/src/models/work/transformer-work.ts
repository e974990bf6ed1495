import type { Granularity, TransformerSize } from '../common-spec.ts';
import { type LayerWork, type Linear, workOf } from './layer-work.ts';

/** A linear map of each of `rows` vectors. */
export const map = (inputs: number, outputs: number, rows: number): Linear => ({ rows, inputs, outputs });

/** Scores and context of attention over `tokens` tokens of width `dim`, whatever the number of heads. */
export const attentionWork = (tokens: number, dim: number): number => 4 * tokens * tokens * dim;

interface Blocks extends Pick<TransformerSize, 'dim' | 'depth' | 'mlp'> {
  readonly granularity: Granularity;
}

/**
 * The layers of `blockLayers`, for all blocks of a Transformer.
 * @param norm where the norms stand: before a half (`pre`), so that trained parameters come before its first maps, or
 *   behind it.
 */
export function blocksWork(blocks: Blocks, tokens: number, norm: 'pre' | 'post'): LayerWork[] {
  return Array.from({ length: blocks.depth }, (_, index) => blockWork(blocks, index, tokens, norm)).flat();
}

function blockWork(
  { dim, mlp, granularity }: Blocks,
  index: number,
  tokens: number,
  norm: 'pre' | 'post',
): LayerWork[] {
  const name = `blocks.${index}`;
  const qkv = [map(dim, 3 * dim, tokens)];
  const widening = [map(dim, mlp, tokens)];
  const split = (entry: readonly Linear[], others: readonly Linear[]) =>
    norm === 'pre' ? { others: [...entry, ...others] } : { first: entry, others };
  const projection = map(dim, dim, tokens);
  const narrowing = map(mlp, dim, tokens);
  const attention = attentionWork(tokens, dim);
  switch (granularity) {
    case 'block':
      return [workOf(name, { ...split(qkv, [projection, ...widening, narrowing]), attention })];
    case 'sublayer':
      return [
        workOf(`${name}.attention`, { ...split(qkv, [projection]), attention }),
        workOf(`${name}.feedforward`, split(widening, [narrowing])),
      ];
    default:
      return granularity satisfies never;
  }
}

/** Patches of an image of `side` pixels. */
export const patchesOf = (side: number, patch: number): number => (side / patch) ** 2;

/** Layer `embed` of a model that cuts images into patches. */
export const patchWork = (dim: number, patch: number, patches: number): LayerWork =>
  workOf('embed', { first: [map(3 * patch ** 2, dim, patches)] });

/** Layer `embed` of a model of texts: rows are looked up, nothing is multiplied. */
export const tokenWork = (): LayerWork => workOf('embed', {});
