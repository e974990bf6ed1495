import { expect, it } from 'vitest';
import { testConfig, tinyModel } from '../testing/config.ts';
import { answerAll, memoryRun, startCrew } from '../testing/crew.ts';

/** Layers in turn, one a round: each of the three blocks rests for two rounds. */
const config = testConfig({
  model: tinyModel,
  side: 8,
  rounds: 4,
  strategy: { name: 'round-robin' },
  budget: { kind: 'fixed', unit: 'layers', amount: 1 },
  aggregation: { optimizer: { name: 'fedavgm' } },
});

it('R6: momentum of a layer that nobody trains stays as it is, and moves nothing, until its next round', async () => {
  const run = await memoryRun({ config });
  await answerAll(run, await startCrew(run, 3));
  const trained = [1, 2, 3, 4].map((round) => run.book.cohort(round)[0]!.mask!);
  expect(trained[3]).toEqual(trained[0]);
  expect(new Set(trained.slice(0, 3).flat()).size).toBe(3);
  const layer = trained[0]![0]!;
  const at = [1, 2, 3, 4].map((round) => {
    const { layers, optimizer } = run.book.checkpoint(round);
    return [layers[layer]?.sha256, optimizer?.[layer]?.sha256];
  });
  expect(at[0]?.every(Boolean)).toBe(true);
  expect([at[1], at[2]]).toEqual([at[0], at[0]]);
  expect(at[3]?.[0]).not.toBe(at[0]?.[0]);
  expect(at[3]?.[1]).not.toBe(at[0]?.[1]);
});
