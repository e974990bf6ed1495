import { beforeAll, expect, it } from 'vitest';
import { subset } from '../data/datasets/subset.ts';
import { chooseBackend } from './backend.ts';
import { finish } from './progress.ts';
import { setLayers, toyClasses, toyData, toyModel, toyTensors } from './testing.ts';
import { catalogModel, smallText, textData } from './testing-models.ts';
import { Trainer } from './trainer.ts';

beforeAll(async () => {
  await chooseBackend({ force: 'wasm' });
});

it('gives each text its own logits, in their order, however they are batched', async () => {
  const { model, layout, weights } = await catalogModel(smallText);
  const trainer = new Trainer(model);
  for (const { name } of layout.layers) trainer.setLayer(name, weights.get(name)!);
  const data = textData(9);
  // Longer than the others: batches put it first.
  const long = {
    ...data,
    tokens: data.tokens.map((ids, i) => (i === 5 ? new Int32Array(40).fill(120) : ids)),
  };
  const together = await finish(trainer.predict(long, { batchSize: 4 }));
  expect(together.map((row) => row.length)).toEqual(new Array(9).fill(toyClasses));
  for (const [i, row] of together.entries()) {
    const [alone] = await finish(trainer.predict(subset(long, [i]), { batchSize: 1 }));
    row.forEach((value, c) => {
      expect(value).toBeCloseTo(alone![c]!, 4);
    });
  }
  trainer.dispose();
});

it('agrees with the accuracy of the same data', async () => {
  const trainer = new Trainer(toyModel);
  setLayers(trainer, toyTensors());
  const data = toyData(20);
  const rows = await finish(trainer.predict(data, { batchSize: 6 }));
  const right = rows.filter((row, i) => row.indexOf(Math.max(...row)) === data.labels[i]);
  const { accuracy } = await finish(trainer.evaluate(data, { batchSize: 6 }));
  expect(right.length / rows.length).toBeCloseTo(accuracy, 10);
  trainer.dispose();
});
