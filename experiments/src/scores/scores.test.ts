// @module-tag long
import type { ImageDataset } from '@strata/fl-core/data';
import { loadModel } from '@strata/fl-core/models';
import { catalog, drawTensor, layoutOf } from '@strata/fl-core/models/layouts';
import { random } from '@strata/fl-core/random';
import { chooseBackend, finish, Trainer } from '@strata/fl-core/training';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../experiment.ts';
import { crossDecrease, crossNorm, curvatureCorrected, norm, steadyDecrease } from './candidates.ts';
import { GlobalModel } from './global-model.ts';
import { gradientsOf, probeBatches, together } from './gradients.ts';
import { jointScoresOf } from './joint-scores.ts';
import { averaged, blind, further, probed } from './measure-scores.ts';
import { parseOptions } from './options.ts';
import { type Measurement, play } from './play.ts';
import { clientsOf } from './setting.ts';
import { predictionsOf, shown } from './summary.ts';

const classes = 3;
const side = 16;
const spec = catalog['vit-nano'];
const layout = layoutOf(spec, classes);

/** Pictures whose brightest colour is their class, some of each. */
function pictures(count: number): ImageDataset {
  const draws = random('scores test');
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  const pixels = Uint8Array.from({ length: count * side * side * 3 }, (_, i) => {
    const bright = i % 3 === labels[Math.floor(i / (side * side * 3))];
    return Math.max(0, Math.min(255, (bright ? 150 : 110) + 50 * draws.normal()));
  });
  return { kind: 'image', side, pixels, labels };
}

const clients = clientsOf(
  { data: pictures(120), domains: null },
  { split: 'dirichlet', alpha: 1, clients: 3, samples: 40, tests: 16 },
  1,
);
const options = parseOptions(
  '--model vit-nano --data x --at 0,1 --batch 8 --batches 3 --probes 2 --warm 2 --rate 2e-3 --again yes'.split(
    ' ',
  ),
);
const start = layout.layers.flatMap((layer) => layer.tensors.map((t) => drawTensor(spec, t, 1)));

let trainer: Trainer;
const newModel = () => new GlobalModel(layout, start, trainer);
beforeAll(async () => {
  await chooseBackend({ force: 'wasm' });
  trainer = new Trainer(await loadModel(spec, { classes, side }));
});
afterAll(() => trainer.dispose());

async function played(at: readonly number[]): Promise<Measurement[]> {
  const all: Measurement[] = [];
  for await (const seen of play(newModel(), clients, { ...options, at: [...at] }, 1, () => {}))
    all.push(seen);
  return all;
}

describe('the experiment', () => {
  let seen: readonly Measurement[];
  beforeAll(async () => {
    seen = await played([0, 1]);
  }, 60_000);

  it('measures every layer of every client at the chosen rounds by every score', () => {
    expect(seen.map(({ round }) => round)).toEqual([0, 1]);
    const names = [...probed, ...probed.map(averaged), ...further, ...blind].sort();
    for (const { clients: told, layers, common } of seen) {
      expect(told).toHaveLength(3);
      expect(common).toHaveLength(layers.length);
      for (const { scores, own, pooled } of told) {
        expect(Object.keys(scores).sort()).toEqual(names);
        for (const row of [...Object.values(scores), own, pooled]) {
          expect(row).toHaveLength(layers.length);
          expect(row.every(Number.isFinite)).toBe(true);
        }
        // The head is warm: the layers below it have gradients.
        for (const kind of probed) expect(Math.min(...scores[kind]!)).toBeGreaterThan(0);
      }
    }
  });

  it('leaves the weights as they were, so that it is the same again', async () => {
    expect(await played([0])).toEqual(seen.slice(0, 1));
  });

  it('tells how well each score predicts', () => {
    const tables = predictionsOf(seen);
    expect(Object.keys(tables)).toHaveLength(4 * 3);
    for (const table of Object.values(tables)) {
      for (const { spearman, kept } of table) {
        expect(Math.abs(spearman.mean)).toBeLessThanOrEqual(1);
        expect(kept === null || Number.isFinite(kept)).toBe(true);
      }
    }
    const rows = shown(tables['own, all rounds']!);
    expect(rows['squared-norm']?.Spearman).toMatch(/^-?\d\.\d\d ± \d\.\d\d$/);
    // vit-nano's blocks are all of one size.
    expect(rows.parameters?.Spearman).toBe('0.00 ± 0.00');
    expect(rows['trained again']).toBeDefined();
  });
});

describe('gradients out of a step of training', () => {
  it("are the probe's: the same norms, L1 norms and sizes on the same batches", async () => {
    const model = newModel();
    // A head of zeros lets no gradient through.
    model.apply(await model.train(clients[0]!.train, model.heads, warm, 1));
    const shape = { batchSize: 8, seed: 5 };
    const pieces = probeBatches(clients[0]!.train, { ...shape, maxBatches: 2 });
    const gradients = await gradientsOf(model, together(pieces), model.selectable);
    const sums = {
      'squared-norm': (g: Float32Array) => norm(g) ** 2,
      'mean-square': (g: Float32Array) => norm(g) ** 2 / g.length,
      decrease: (g: Float32Array) => g.reduce((sum, v) => sum + Math.abs(v), 0),
    };
    for (const score of ['squared-norm', 'mean-square', 'decrease'] as const) {
      const told = await finish(trainer.probe(clients[0]!.train, { ...shape, batches: 2, score }));
      for (const layer of model.selectable) {
        expect(told.scores[layer]! / sums[score](gradients.get(layer)!), `${score} of ${layer}`).toBeCloseTo(
          1,
          3,
        );
      }
    }
  });

  it('tells the curvature along the gradient as the losses do', async () => {
    const model = newModel();
    const data = together(probeBatches(clients[0]!.train, { batchSize: 16, seed: 5 }));
    model.apply(await model.train(data, model.heads, warm, 1));
    const layer = model.selectable.at(-1)!;
    const gradient = (await gradientsOf(model, data, [layer])).get(layer)!;
    const length = norm(gradient);
    const along = (step: number) => {
      let at = 0;
      return layout.layers
        .find(({ name }) => name === layer)!
        .tensors.map(({ name, shape }) => {
          const size = shape.reduce((a, b) => a * b, 1);
          at += size;
          return { name, shape, data: gradient.slice(at - size, at).map((g) => (step * g) / length) };
        });
    };
    const small = 0.02;
    const moved = (await model.with(along(small), () => gradientsOf(model, data, [layer]))).get(layer)!;
    // By second differences of the loss along u = g / ||g||, wide enough for float32.
    const wide = 0.2;
    const [below, here, above] = [
      await model.with(along(-wide), () => model.loss(data)),
      await model.loss(data),
      await model.with(along(wide), () => model.loss(data)),
    ];
    const curvature = (below - 2 * here + above) / wide ** 2; // u'Hu
    expect(curvature).toBeGreaterThan(0);
    const expected = length ** 4 / (curvature * length ** 2);
    expect(curvatureCorrected(gradient, moved, small) / expected).toBeGreaterThan(0.8);
    expect(curvatureCorrected(gradient, moved, small) / expected).toBeLessThan(1.25);
  });
});

const warm = {
  ...{
    epochs: 2,
    batchSize: 8,
    maxBatches: 0,
    probeBatches: 2,
    proximal: 0,
    clipNorm: null,
    timeBox: null,
    holdOut: 0.2,
  },
  head: { rate: 1, warmUp: { kind: 'trained', rounds: 0, epochs: 5 } },
  optimizer: { name: 'adamw', learningRate: 3e-3, weightDecay: 0 },
  schedule: { name: 'constant', warmUp: 0 },
} as const;

describe('joint scores, by hand', () => {
  it('of two clients who agree on one parameter and not on the other', () => {
    const told = jointScoresOf([Float32Array.of(2, 1), Float32Array.of(4, -1)], [0.75, 0.25]);
    // The mean is (2.5, 0.5), the mean step (1, 0.5), the squared norms 5 and 17.
    expect(told.norm).toBeCloseTo(2.5 ** 2 + 0.5 ** 2, 12);
    expect(told.decrease).toBeCloseTo(2.5 + 0.25, 6);
    expect(told.crossNorm).toBeCloseTo(8 - 1, 12);
    expect(told.agreement).toBeCloseTo(6.5 / (0.75 * 5 + 0.25 * 17), 12);
  });
});

describe('candidates, by hand', () => {
  const [a, b] = [Float32Array.of(3, -1, 0), Float32Array.of(1, 2, 0)];

  it('cross norm and cross decrease: of one batch on the other', () => {
    expect(crossNorm([a, b])).toBe(3 - 2);
    // <a, sign b> = 3 - 1 and <b, sign a> = 1 - 2.
    expect(crossDecrease([a, b])).toBeCloseTo((2 - 1) / 2, 6);
    expect(crossNorm([a, a])).toBe(10);
  });

  it('steady decrease: the L1 norm where batches agree, less where they do not', () => {
    expect(steadyDecrease([a, a])).toBeCloseTo(4, 6);
    expect(steadyDecrease([a, b])).toBeCloseTo(4 / Math.sqrt(5) + 0.25 / Math.sqrt(2.5), 6);
  });

  it('curvature: ||g||^4 / g H g of a quadratic with H = diag(2, 8)', () => {
    const at = (x: number, y: number) => Float32Array.of(2 * x, 8 * y);
    const g = at(1, 0.5); // (2, 4), norm sqrt(20)
    const step = 0.01;
    const moved = at(1 + (step * 2) / Math.sqrt(20), 0.5 + (step * 4) / Math.sqrt(20));
    expect(curvatureCorrected(g, moved, step)).toBeCloseTo(400 / (2 * 4 + 8 * 16), 3);
  });
});

it('refuses options that make no sense', () => {
  for (const line of [
    '--data x',
    '--model vit-nano --data x --at 1,b',
    '--model vit-nano --data x --fast 1',
  ]) {
    expect(() => parseOptions(line.split(' '))).toThrow(UsageError);
  }
});
