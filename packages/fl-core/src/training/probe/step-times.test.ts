import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { batches } from '../../data/batches.ts';
import { LocalConfig } from '../../protocol/local-config.ts';
import { chooseBackend } from '../backend.ts';
import type { Engine, TrainedView } from '../engine.ts';
import { finish } from '../progress.ts';
import { setLayers, toyBlocks, toyData, toyModel, toyTensors } from '../testing.ts';
import { TfjsEngine } from '../tfjs/engine.ts';
import { Trainer } from '../trainer.ts';
import { GlobalWeights } from '../weights.ts';
import { measureStepTimes } from './step-times.ts';

const local = LocalConfig.parse({ batchSize: 3, epochs: 2 });

/** An engine on which every kind of work takes a known time, by a clock of its own. */
function timed(slower: () => number): Engine {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const weights = new GlobalWeights(toyModel.layout);
  for (const [layer, tensors] of toyTensors()) weights.set(layer, tensors);
  const engine = new TfjsEngine(toyModel, (name) => weights.value(name));
  const take = (ms: number) => {
    now += ms * slower();
  };
  const { global } = engine;
  const stage = (s: number) => s + 1; // Stage s takes s + 1 ms forward.
  const view: Engine['global'] = {
    forward(input, from, to) {
      for (let s = from; s < to; s++) take(stage(s));
      return global.forward(input, from, to);
    },
    loss: (logits, labels) => global.loss(logits, labels),
    correct: (logits, labels) => global.correct(logits, labels),
    lossAndGradients: (...args) => global.lossAndGradients(...args),
    lossBackward(...args) {
      take(0.5);
      return global.lossBackward(...args);
    },
    backward(s, input, gradient, wanted) {
      take(stage(s) + 10 * stage(s) + (wanted.parameters ? 100 : 0));
      return global.backward(s, input, gradient, wanted);
    },
  };
  const training = (layers: readonly string[]): TrainedView => {
    const made = engine.training(layers, local);
    const step = made.step.bind(made);
    made.step = (rate) => {
      take(7);
      step(rate);
    };
    return made;
  };
  return Object.assign(Object.create(engine), {
    layout: engine.layout,
    stages: engine.stages,
    global: view,
    training,
    input: engine.input.bind(engine),
    async settle() {
      now += 1000;
    },
    release: () => engine.release(),
  });
}

describe('step times', () => {
  beforeAll(async () => {
    await chooseBackend({ force: 'cpu' });
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('are what each piece of work took, the wait for the device and the second run forward taken off', async () => {
    // The warm-up and the second batch are slow; the median does not show it.
    let run = 0;
    const engine = timed(() => (run === 0 || run === 2 ? 9 : 1));
    const three = [...batches(toyData(9), { batchSize: 3 })];
    const input = engine.input;
    let inputs = 0;
    engine.input = (batch) => {
      run = inputs++;
      return input(batch);
    };
    const times = await finish(measureStepTimes(engine, three, local, undefined));
    expect(inputs).toBe(4);
    // Forward 1 + 2 + 3 + 4 + 5, loss 0.5, head 10 * 5 + 100 and its update.
    expect(times.base).toBeCloseTo(15 + 0.5 + 50 + 100 + 7, 6);
    expect(times.passing).toEqual({ block0: 20, block1: 30, block2: 40 });
    expect(times.training).toEqual({ block0: 107, block1: 107, block2: 107 });
    engine.release();
  });

  it('come with the probe and the steps of a round', async () => {
    const trainer = new Trainer(toyModel);
    setLayers(trainer, toyTensors());
    const fractions: number[] = [];
    const { times, steps, scores } = await finish(
      trainer.probe(toyData(8), { batches: 2, batchSize: 3, seed: 1, times: local }),
      ({ fraction }) => fractions.push(fraction),
    );
    expect(Object.keys(scores)).toEqual(toyBlocks);
    expect(Object.keys(times!.passing)).toEqual(toyBlocks);
    expect(Object.keys(times!.training)).toEqual(toyBlocks);
    const all = [times!.base, ...Object.values(times!.passing), ...Object.values(times!.training)];
    expect(all.every((t) => Number.isFinite(t) && t >= 0)).toBe(true);
    expect(times!.base).toBeGreaterThan(0);
    expect(steps).toBe(2 * 3);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
    trainer.dispose();
  });
});
