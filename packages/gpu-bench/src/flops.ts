import type { Selection, Workload } from './workload.ts';
import { tokensOf } from './workload.ts';

/** A linear map of `rows` vectors from `inputs` to `outputs` numbers. */
interface Linear {
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
}

/** The matrix products of one layer's forward pass. */
interface LayerProducts {
  readonly layer: string;
  /** Maps of the layer's input: into the shallowest trained layer no gradient goes, so that theirs is not needed. */
  readonly first: readonly Linear[];
  readonly others: readonly Linear[];
  /** Operations of scores and context together. */
  readonly attention: number;
}

const operations = (linears: readonly Linear[]): number =>
  linears.reduce((sum, { rows, inputs, outputs }) => sum + 2 * rows * inputs * outputs, 0);

/**
 * Floating-point operations of the products of one step: the forward pass, the gradients by the inputs of what lies
 * above the shallowest trained layer, and those by the trained layers' kernels.
 */
export function flopsOf(w: Workload, { layers: trained, warm }: Selection): number {
  const products = productsOf(w);
  const cut = products.findIndex(({ layer }) => trained.includes(layer));
  return products.reduce((sum, { layer, first, others, attention }, i) => {
    const linears = operations(first) + operations(others);
    const forward = warm && i < cut ? 0 : linears + attention;
    const intoInner = i >= cut ? operations(others) + 2 * attention : 0;
    const intoInput = i > cut ? operations(first) : 0;
    return sum + forward + intoInner + intoInput + (trained.includes(layer) ? linears : 0);
  }, 0);
}

function productsOf(w: Workload): LayerProducts[] {
  const { spec, batch, classes } = w;
  const tokens = tokensOf(w);
  const rows = batch * tokens;
  const attention = 4 * batch * tokens * tokens * spec.dim;
  const map = (inputs: number, outputs: number, of = rows): Linear => ({ rows: of, inputs, outputs });
  const range = Array.from({ length: spec.depth }, (_, i) => i);
  switch (spec.architecture) {
    case 'vit': {
      const { dim, mlp, patch } = spec;
      const patches = map(3 * patch ** 2, dim, batch * (tokens - 1));
      return [
        { layer: 'embed', first: [patches], others: [], attention: 0 },
        ...range.map((i) => ({
          layer: `blocks.${i}`,
          first: [map(dim, 3 * dim)],
          others: [map(dim, dim), map(dim, mlp), map(mlp, dim)],
          attention,
        })),
        { layer: 'head', first: [map(dim, classes, batch)], others: [], attention: 0 },
      ];
    }
    case 'bert': {
      const { dim, mlp } = spec;
      return [
        { layer: 'embed', first: [], others: [], attention: 0 },
        ...range.map((i) => ({
          layer: `blocks.${i}`,
          first: [map(dim, dim), map(dim, dim), map(dim, dim)],
          others: [map(dim, dim), map(dim, mlp), map(mlp, dim)],
          attention,
        })),
        { layer: 'head', first: [map(dim, dim, batch)], others: [map(dim, classes, batch)], attention: 0 },
      ];
    }
    case 'use-lite': {
      const { dim, mlp, embedding } = spec;
      return [
        { layer: 'embed', first: [], others: [], attention: 0 },
        ...range.flatMap((i): LayerProducts[] => {
          const input = i === 0 ? embedding : dim;
          const residual = input === dim ? [] : [map(input, dim)];
          return [
            {
              layer: `block${i}.attention`,
              first: [map(input, 3 * input), ...residual],
              others: [map(input, dim)],
              attention: (attention / dim) * input,
            },
            { layer: `block${i}.feedforward`, first: [map(dim, mlp)], others: [map(mlp, dim)], attention: 0 },
          ];
        }),
        { layer: 'pooling', first: [map(dim, dim, batch)], others: [], attention: 0 },
        { layer: 'head', first: [map(dim, classes, batch)], others: [], attention: 0 },
      ];
    }
    default:
      return spec satisfies never;
  }
}
