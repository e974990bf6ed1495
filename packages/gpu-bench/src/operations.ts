import { paceOf } from '@strata/fl-core/kernels';
import { random } from '@strata/fl-core/random';
import { add, dispose, engine, square, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import { deviceMs } from './repeat.ts';
import { type Size, sizeOf } from './size.ts';
import { fillUniform } from './weights.ts';

/** One kernel of the training step, other than the products of linear maps. */
interface Operation {
  readonly name: string;
  /** What it cannot do without: operations of its products, or bytes read and written once each. */
  readonly work: { readonly unit: 'GFLOP/s' | 'GB/s'; readonly amount: number };
  /** Makes the inputs, and gives what runs the kernel on them; nothing of the result is kept. */
  readonly prepare: () => { readonly inputs: readonly Tensor[]; readonly run: () => void };
}

export interface OperationFigures {
  readonly ms: number;
  readonly unit: 'GFLOP/s' | 'GB/s';
  readonly rate: number;
}

export async function measureOperation(o: Operation, targetMs: number): Promise<OperationFigures> {
  const { inputs, run } = o.prepare();
  try {
    const ms = await deviceMs(run, targetMs);
    return { ms, unit: o.work.unit, rate: o.work.amount / ms / 1e6 };
  } finally {
    dispose([...inputs]);
  }
}

/** Kernels are run by their names in tfjs's registry, as the models' blocks and the tape do. */
const kernel = (
  name: string,
  inputs: Record<string, Tensor>,
  attrs: Record<string, string | number | boolean> = {},
) => engine().runKernel<Tensor | Tensor[]>(name, inputs, attrs);

const values = (shape: number[]): Tensor => {
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
  fillUniform(data, 1, random('bench-operation', ...shape));
  return tensor(data, shape);
};

const moved = (elements: number, passes: number) =>
  ({ unit: 'GB/s', amount: 4 * elements * passes }) as const;

/** Kernels of a Transformer's step: `rows` vectors of `dim` numbers, and of `mlp` numbers inside of the block. */
export function operations(size: Size): Operation[] {
  const { rows, dim, mlp, classes, parameters, attentions } = sizeOf(size, {
    card: {
      rows: 16_384,
      dim: 768,
      mlp: 3072,
      classes: 30_522,
      parameters: [3072, 768],
      attentions: [
        { batch: 32, tokens: 50, heads: 12, dim: 768 },
        { batch: 16, tokens: 128, heads: 12, dim: 768 },
        { batch: 4, tokens: 512, heads: 12, dim: 768 },
      ],
    },
    small: {
      rows: 64,
      dim: 32,
      mlp: 64,
      classes: 50,
      parameters: [64, 32],
      attentions: [{ batch: 2, tokens: 9, heads: 2, dim: 32 }],
    },
  });
  const wide = [rows, dim];
  const inner = [rows, mlp];
  const logits = [Math.ceil(rows / 32), classes];
  return [
    ...attentions.flatMap(attention),
    {
      name: 'layer norm',
      work: moved(rows * dim, 2),
      prepare: () => {
        const [x, scale, shift] = [values(wide), values([dim]), values([dim])];
        return {
          inputs: [x, scale, shift],
          run: () => kernel('StrataLayerNorm', { x, scale, shift }, { epsilon: 1e-6 }),
        };
      },
    },
    {
      name: 'layer norm, gradient by input',
      work: moved(rows * dim, 3),
      prepare: () => {
        const [x, scale, dy, statistics] = [values(wide), values([dim]), values(wide), values([rows, 2])];
        return {
          inputs: [x, scale, dy, statistics],
          run: () => kernel('StrataLayerNormGradInput', { x, scale, statistics, dy }),
        };
      },
    },
    {
      name: 'layer norm, gradient by scale and shift',
      work: moved(rows * dim, 2),
      prepare: () => {
        const [x, dy, statistics] = [values(wide), values(wide), values([rows, 2])];
        return {
          inputs: [x, dy, statistics],
          run: () => kernel('StrataLayerNormGradParameters', { dy, x, statistics }),
        };
      },
    },
    {
      name: 'GELU',
      work: moved(rows * mlp, 2),
      prepare: () => {
        const x = values(inner);
        return { inputs: [x], run: () => kernel('StrataGelu', { x }, { form: 'erf' }) };
      },
    },
    {
      name: 'GELU, gradient',
      work: moved(rows * mlp, 3),
      prepare: () => {
        const [x, dy] = [values(inner), values(inner)];
        return { inputs: [x, dy], run: () => kernel('StrataGeluGrad', { x, dy }, { form: 'erf' }) };
      },
    },
    {
      name: 'sum of two',
      work: moved(rows * dim, 3),
      prepare: () => {
        const [x, y] = [values(wide), values(wide)];
        return { inputs: [x, y], run: () => add(x, y) };
      },
    },
    {
      name: 'cross-entropy',
      work: moved(logits[0]! * classes, 1),
      prepare: () => crossEntropy(logits, (z, labels) => kernel('StrataCrossEntropy', { logits: z, labels })),
    },
    {
      name: 'cross-entropy, gradient',
      work: moved(logits[0]! * classes, 2),
      prepare: () => {
        const dy = tensor([1]);
        const { inputs, run } = crossEntropy(logits, (z, labels) =>
          kernel('StrataCrossEntropyGrad', { logits: z, labels, dy }),
        );
        return { inputs: [...inputs, dy], run };
      },
    },
    {
      // Reads parameter, gradient and two moments; writes parameter and moments.
      name: 'AdamW',
      work: moved(4 * parameters[0]! * parameters[1]!, 7),
      prepare: () => adamW(parameters),
    },
  ];
}

function crossEntropy(shape: number[], run: (logits: Tensor, labels: Tensor) => void) {
  const rows = shape[0]!;
  const logits = values(shape);
  const labels = tensor(
    Int32Array.from({ length: rows }, (_, i) => (7 * i) % shape[1]!),
    [rows],
    'int32',
  );
  return { inputs: [logits, labels], run: () => run(logits, labels) };
}

/** Four matrices and their moments: a step of one linear map would be over before it is started. */
function adamW(shape: number[]) {
  const inputs: Record<string, Tensor> = {};
  const attrs: Record<string, number | boolean> = { count: 4 };
  for (let k = 0; k < 4; k++) {
    for (const name of ['p', 'g', 's']) inputs[name === 's' ? `s${k}_0` : `${name}${k}`] = values(shape);
    inputs[`s${k}_1`] = tidy(() => square(values(shape)));
    attrs[`decay${k}`] = true;
  }
  const pace = paceOf({ rate: 1e-6, decay: 1, beta1: 0.9, beta2: 0.999, correction: 1, epsilon: 1e-8 });
  inputs.pace = pace.tensor;
  return {
    inputs: Object.values(inputs),
    run: () => engine().runKernel('StrataAdamW', inputs, attrs),
  };
}

interface AttentionSize {
  readonly batch: number;
  readonly tokens: number;
  readonly heads: number;
  readonly dim: number;
}

function attention({ batch, tokens, heads, dim }: AttentionSize): Operation[] {
  const product = 2 * batch * tokens * tokens * dim;
  const name = `attention, ${tokens} tokens`;
  const qkvOf = () => values([batch, tokens, 3 * dim]);
  return [
    {
      name,
      work: { unit: 'GFLOP/s', amount: 2 * product },
      prepare: () => {
        const qkv = qkvOf();
        return {
          inputs: [qkv],
          run: () => kernel('StrataSelfAttention', { qkv }, { heads, causal: false }),
        };
      },
    },
    {
      name: `${name}, gradient`,
      work: { unit: 'GFLOP/s', amount: 4 * product },
      prepare: () => {
        const qkv = qkvOf();
        const [context, weights] = kernel(
          'StrataSelfAttention',
          { qkv },
          { heads, causal: false },
        ) as Tensor[];
        const dy = values([batch, tokens, dim]);
        return {
          inputs: [qkv, context!, weights!, dy],
          run: () => kernel('StrataSelfAttentionGrad', { qkv, weights: weights!, dy }, { heads }),
        };
      },
    },
  ];
}
