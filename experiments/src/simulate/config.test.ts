import { describe, expect, it } from 'vitest';
import { UsageError } from '../experiment.ts';
import { runConfigOf, simulationOf } from './config.ts';

const base = {
  data: { sample: 'fashion-mnist' },
  clients: 4,
  partition: { kind: 'iid' },
  run: {
    model: 'vit-nano',
    strategy: { name: 'strata', lambda: 1, lambdaScale: 'absolute' },
    budget: { kind: 'fixed', amount: 2 },
    local: { batchSize: 8, maxBatches: 2 },
  },
};
const labels = ['a', 'b'];

describe('a simulation', () => {
  it('has a cell for every label of every axis and every seed, the last axis fastest', () => {
    const { cells } = simulationOf(
      {
        name: 'sweep',
        base,
        sweep: {
          strategy: { strata: {}, top: { run: { strategy: { name: 'top' } } } },
          rate: { low: {}, high: { run: { local: { batchSize: 32 } } } },
        },
        seeds: [3, 4],
      },
      'here',
    );
    expect(cells.map((c) => c.key)).toEqual([
      ...['strata+low+3', 'strata+high+3', 'top+low+3', 'top+high+3'],
      ...['strata+low+4', 'strata+high+4', 'top+low+4', 'top+high+4'],
    ]);
    const config = runConfigOf(cells[7]!, { kind: 'image', labels });
    expect(config).toMatchObject({
      seed: 4,
      purpose: { kind: 'test', sampling: 4 },
      // Another choice replaces all of the one before, whatever else is merged.
      strategy: { name: 'top' },
      local: { batchSize: 32, maxBatches: 2 },
    });
    expect(runConfigOf(cells[0]!, { kind: 'image', labels }).strategy).toMatchObject({
      name: 'strata',
      lambda: 1,
      lambdaScale: 'absolute',
    });
  });

  it.each([
    ['a misspelt option', { base: { ...base, client: 4 } }, 'client'],
    ['no data', { base: { ...base, data: {} } }, 'either a sample or a folder'],
    ['a partition that does not exist', { base: { ...base, partition: { kind: 'alpha' } } }, 'partition'],
    ['two cells of one name', { base, sweep: { x: { 'a b': {}, a_b: {} } } }, 'two cells'],
  ])('says what is wrong: %s', (_, file, words) => {
    expect(() => simulationOf({ name: 'wrong', ...file }, 'here.yaml')).toThrow(words);
  });

  it('plays no sealed runs, with the reason and the remedy', () => {
    const sealing = { kind: 'sealed', samples: 100 };
    const sealed = { rule: { name: 'mean' }, weightCap: null, sealing };
    const { cells } = simulationOf(
      { name: 'sealed', base: { ...base, run: { ...base.run, aggregation: sealed } } },
      'here.yaml',
    );
    const read = () => runConfigOf(cells[0]!, { kind: 'image', labels });
    expect(read).toThrow(UsageError);
    expect(read).toThrow('set aggregation.sealing to open');
  });

  it('says which run is wrong', () => {
    const { cells } = simulationOf(
      { name: 'wrong', base: { ...base, run: { ...base.run, rounds: 0 } } },
      'here.yaml',
    );
    expect(() => runConfigOf(cells[0]!, { kind: 'image', labels })).toThrow(UsageError);
    expect(() => runConfigOf(cells[0]!, { kind: 'image', labels })).toThrow('rounds');
  });
});
