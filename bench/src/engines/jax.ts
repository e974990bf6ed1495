import { openDawn } from '@strata/fl-core/kernels/testing';
import {
  gpuMeters,
  labelsOf,
  type Meters,
  memoryMeters,
  optimizer,
  tokensOf,
  type VitSpec,
  type Workload,
} from '@strata/gpu-bench';
import type { BackendName, VitEngineFactory } from './engine.ts';
import { patchesOf, vitValues } from './vit-values.ts';

type Jax = typeof import('@jax-js/jax');
type JaxArray = import('@jax-js/jax').Array;
type Arrays = Record<string, JaxArray>;

/** jax-js: `valueAndGrad` over the chosen parameters and Adam, compiled together. */
export const jax: VitEngineFactory = async ({ backend, workload }) => {
  const meters = await startMeters(backend);
  const jax = await import('@jax-js/jax');
  const { numpy: np } = jax;
  await jax.init(backend);
  jax.defaultDevice(backend);
  const initial = vitValues(workload);
  const upload = ({ data, shape }: { data: Float32Array<ArrayBufferLike>; shape: readonly number[] }) =>
    np.array(data.slice()).reshape([...shape]);
  const labels = labelsOf(workload);
  const oneHot = new Float32Array(labels.length * workload.classes);
  for (const [i, label] of labels.entries()) oneHot[i * workload.classes + label] = 1;
  const patches = upload(patchesOf(workload));
  const targets = upload({ data: oneHot, shape: [labels.length, workload.classes] });
  return {
    meters,
    prepare: async ({ layers: chosen, warm }) => {
      if (warm) return null;
      const pick = (wanted: boolean): Arrays =>
        Object.fromEntries(
          initial.filter((i) => chosen.includes(i.layer) === wanted).map((i) => [i.name, upload(i.tensor)]),
        );
      const zeros = (arrays: Arrays): Arrays =>
        Object.fromEntries(Object.entries(arrays).map(([name, a]) => [name, np.zeros(a.shape)]));
      const frozen = pick(false);
      let trained = pick(true);
      let first = zeros(trained);
      let second = zeros(trained);
      const loss = (chosen: Arrays, rest: Arrays, x: JaxArray, y: JaxArray): JaxArray => {
        const logits = logitsOf(jax, workload, { ...chosen, ...rest }, x);
        return jax.nn
          .logSoftmax(logits)
          .mul(y)
          .sum()
          .mul(-1 / workload.batch);
      };
      const step = jax.jit(
        (p: Arrays, m: Arrays, v: Arrays, rest: Arrays, x: JaxArray, y: JaxArray, corrections: JaxArray) => {
          const [value, gradients] = jax.valueAndGrad(loss)(jax.tree.ref(p), rest, x, y);
          const moved = adam(jax, p, m, v, gradients as Arrays, corrections);
          return [value, moved.p, moved.m, moved.v];
        },
      );
      let t = 0;
      return {
        take: async () => {
          t += 1;
          const { beta1, beta2 } = optimizer;
          const corrections = np.array([1 / (1 - beta1 ** t), 1 / (1 - beta2 ** t)]);
          const results = step(
            trained,
            first,
            second,
            jax.tree.ref(frozen),
            patches.ref,
            targets.ref,
            corrections,
          );
          const [value, p, m, v] = results as [JaxArray, Arrays, Arrays, Arrays];
          [trained, first, second] = [p, m, v];
          await jax.blockUntilReady([p, m, v]);
          const [result = Number.NaN] = await value.data();
          return Number(result);
        },
        end: async () => {
          jax.tree.dispose([trained, first, second, frozen]);
          step.dispose();
        },
      };
    },
  };
};

async function startMeters(backend: BackendName): Promise<Meters> {
  switch (backend) {
    case 'wasm':
      return memoryMeters();
    case 'webgpu': {
      const dawn = await openDawn();
      if ('reason' in dawn) throw new Error(dawn.reason);
      return gpuMeters();
    }
    default:
      return backend satisfies never;
  }
}

function adam(jax: Jax, p: Arrays, m: Arrays, v: Arrays, g: Arrays, corrections: JaxArray) {
  const { numpy: np } = jax;
  const { learningRate, beta1, beta2, epsilon } = optimizer;
  const moved = { p: {} as Arrays, m: {} as Arrays, v: {} as Arrays };
  const [c1, c2] = np.split(corrections, 2).map((c) => c.reshape([])) as [JaxArray, JaxArray];
  for (const [name, gradient] of Object.entries(g)) {
    const nextM = m[name]!.mul(beta1).add(gradient.ref.mul(1 - beta1));
    const nextV = v[name]!.mul(beta2).add(np.square(gradient).mul(1 - beta2));
    const scale = np.sqrt(nextV.ref.mul(c2.ref)).add(epsilon);
    moved.p[name] = p[name]!.sub(nextM.ref.mul(c1.ref).mul(learningRate).div(scale));
    moved.m[name] = nextM;
    moved.v[name] = nextV;
  }
  c1.dispose();
  c2.dispose();
  return moved;
}

/** Every value is used once, `x.ref` where it is used again: jax-js counts references. */
function logitsOf(
  { numpy: np, nn, lax }: Jax,
  workload: Workload<VitSpec>,
  values: Arrays,
  patches: JaxArray,
): JaxArray {
  const { spec: w, batch } = workload;
  const at = (name: string): JaxArray => values[name]!;
  const linear = (x: JaxArray, name: string): JaxArray => {
    const kernel = at(`${name}.weight`);
    const [inputs, outputs] = kernel.shape as [number, number];
    const shape = [...x.shape.slice(0, -1), outputs];
    return np
      .matmul(x.reshape([-1, inputs]), kernel)
      .add(at(`${name}.bias`))
      .reshape(shape);
  };
  const norm = (x: JaxArray, name: string): JaxArray => {
    const centred = x.ref.sub(x.mean(-1, { keepdims: true }));
    const variance = np.square(centred.ref).mean(-1, { keepdims: true });
    return centred
      .div(np.sqrt(variance.add(1e-6)))
      .mul(at(`${name}.weight`))
      .add(at(`${name}.bias`));
  };
  const tokens = tokensOf(workload);
  const heads = (x: JaxArray): JaxArray =>
    x.reshape([batch, tokens, w.heads, w.dim / w.heads]).transpose([0, 2, 1, 3]);
  const attention = (qkv: JaxArray): JaxArray => {
    const [q, k, v] = np.split(qkv, 3, 2).map(heads) as [JaxArray, JaxArray, JaxArray];
    const scores = np.matmul(q, k.transpose([0, 1, 3, 2])).mul(1 / Math.sqrt(w.dim / w.heads));
    const context = np.matmul(nn.softmax(scores, -1), v);
    return context.transpose([0, 2, 1, 3]).reshape([batch, tokens, w.dim]);
  };
  const gelu = (x: JaxArray): JaxArray => x.ref.mul(0.5).mul(lax.erf(x.mul(Math.SQRT1_2)).add(1));

  const first = np.zeros([batch, 1, w.dim]).add(at('cls_token'));
  let x = np.concatenate([first, linear(patches, 'patch_embed.proj')], 1).add(at('pos_embed'));
  for (let i = 0; i < w.depth; i++) {
    const block = `blocks.${i}`;
    const qkv = linear(norm(x.ref, `${block}.norm1`), `${block}.attn.qkv`);
    x = x.add(linear(attention(qkv), `${block}.attn.proj`));
    const hidden = gelu(linear(norm(x.ref, `${block}.norm2`), `${block}.mlp.fc1`));
    x = x.add(linear(hidden, `${block}.mlp.fc2`));
  }
  const token = np.split(x, [1], 1);
  token[1]!.dispose();
  return linear(norm(token[0]!.reshape([batch, w.dim]), 'norm'), 'head');
}
