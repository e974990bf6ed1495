// @module-tag long
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { registerKernels } from '../../kernels/index.ts';
import { type Dawn, openDawn, startDawn } from '../../kernels/testing/dawn.ts';
import { catalog } from '../../models/index.ts';
import { LocalConfig } from '../../protocol/local-config.ts';
import type { TrainOptions } from '../jobs.ts';
import { finish } from '../progress.ts';
import { setLayers, toyData } from '../testing.ts';
import { catalogModel, modelSide } from '../testing-models.ts';
import { Trainer } from '../trainer.ts';

/** Bytes of all buffers that there are on any device, whoever made them and whether or not they are in use. */
class LiveBuffers {
  now = 0;
  peak = 0;

  constructor() {
    const sizes = new WeakMap<GPUBuffer, number>();
    const device = GPUDevice.prototype;
    const create = device.createBuffer;
    const { destroy } = GPUBuffer.prototype;
    const made = (buffer: GPUBuffer, size: number) => {
      sizes.set(buffer, size);
      this.now += size;
      this.peak = Math.max(this.peak, this.now);
      return buffer;
    };
    const gone = (buffer: GPUBuffer) => {
      this.now -= sizes.get(buffer) ?? 0;
      sizes.delete(buffer);
    };
    device.createBuffer = function (descriptor) {
      return made(create.call(this, descriptor), descriptor.size);
    };
    GPUBuffer.prototype.destroy = function () {
      gone(this);
      return destroy.call(this);
    };
  }
}

/** Nothing is lost here; but with something to lose, training reads its state back after an epoch. */
const lost = async () => false;
const rebuild = async () => {
  throw new Error('There is nothing to rebuild.');
};

/** 65 tokens, so that most of the memory is activations. */
const spec = { ...catalog['vit-nano'], depth: 2, patch: 4 };
const { model, weights, blocks } = await catalogModel(spec);
const data = toyData(8, 1, modelSide);
const optimizer = { name: 'adamw', learningRate: 0.001, weightDecay: 0 } as const;
const options: TrainOptions = {
  layers: [...blocks, 'head'],
  local: LocalConfig.parse({ batchSize: 8, epochs: 2, optimizer }),
  seed: 1,
  prefixCacheBytes: 0,
};

describe('memory of a GPU (Dawn)', () => {
  let dawn: Dawn | { readonly reason: string };
  let live: LiveBuffers;

  beforeAll(async () => {
    dawn = await openDawn();
    registerKernels('webgpu');
    if ('reason' in dawn) return;
    live = new LiveBuffers();
    await startDawn(dawn);
    await tf.setBackend('webgpu');
  });

  /** The second of two jobs: the first one uploads the weights and tries how much a few samples take. */
  async function train(memoryBytes: number) {
    const trainer = new Trainer(model, { memoryBytes, recovery: { lost, rebuild } });
    setLayers(trainer, weights);
    try {
      await finish(trainer.train(data, { ...options, local: { ...options.local, epochs: 1 } }));
      live.peak = live.now;
      const { plan } = await finish(trainer.train(data, options));
      return { ...plan, peakBytes: plan.peakBytes!, live: live.peak };
    } finally {
      trainer.dispose();
    }
  }

  it('all buffers together, those kept for reuse too, are within a tenth of what was foretold', async ({
    skip,
  }) => {
    if ('reason' in dawn) return skip(dawn.reason);
    const seen = new Map<string, number>();
    for (let limit = 1e9; ; ) {
      const found = await train(limit).catch((error: unknown) => error);
      if (found instanceof Error) {
        expect(found).toMatchObject({ code: 'too-large' });
        break;
      }
      const { peakBytes, backward, microBatch, live } = found as Awaited<ReturnType<typeof train>>;
      expect(live).toBeLessThanOrEqual(limit);
      const tight = Math.ceil(1.1 * peakBytes);
      if (tight >= limit) seen.set(`${backward} ${microBatch}`, live / peakBytes);
      // As little as this way of training takes; then a little less.
      limit = tight < limit ? tight : tight - 2;
    }
    for (const [plan, ratio] of seen) expect(Math.abs(ratio - 1), plan).toBeLessThan(0.1001);
    expect(seen.has('tape 8')).toBe(true);
    expect([...seen.keys()]).toContainEqual(expect.stringMatching(/^tape [124]$/));
    expect([...seen.keys()]).toContainEqual(expect.stringMatching(/^block-wise/));
  }, 60_000);

  it('what is kept for reuse goes at the end of a job, however the masks change', async ({ skip }) => {
    if ('reason' in dawn) return skip(dawn.reason);
    const trainer = new Trainer(model);
    setLayers(trainer, weights);
    const after: number[] = [];
    for (const layers of [blocks, ['head'], blocks.slice(1), [blocks[0]!, 'head'], blocks]) {
      await finish(trainer.train(data, { ...options, layers }));
      after.push(live.now);
    }
    expect(new Set(after).size).toBe(1);
    // What is left is in use: the weights.
    expect(live.now).toBe((tf.memory() as unknown as { numBytesInGPU: number }).numBytesInGPU);
    trainer.dispose();
  });
});
