import { expect, it } from 'vitest';
import { testConfig, tinyModel } from '../testing/config.ts';
import { answerAll, memoryRun, startCrew } from '../testing/crew.ts';

it('FedLUAR: every round moves every layer, while clients send as many as their budget holds', async () => {
  const config = testConfig({ model: tinyModel, side: 8, rounds: 8, strategy: { name: 'fedluar' } });
  const run = await memoryRun({ config });
  await answerAll(run, await startCrew(run, 3));
  const blocks = new Set<string>();
  const recycled = new Set<string>();
  for (const { round, baseRound } of run.book.committed) {
    const masks = run.book.cohort(round).map((m) => m.mask!);
    expect(new Set(masks.map((m) => m.join())).size).toBe(1);
    expect(masks[0]).toHaveLength(2);
    expect(run.moves.some((m) => m.phase === 'probing')).toBe(false);
    const [before, after] = [run.book.checkpoint(baseRound), run.book.checkpoint(round)];
    for (const layer of masks[0]!) blocks.add(layer);
    const moved = Object.keys(after.layers).filter(
      (l) => after.layers[l]?.sha256 !== before.layers[l]?.sha256,
    );
    expect(new Set(moved)).toEqual(new Set([...blocks, 'head']));
    for (const layer of blocks) {
      const { relativeChange } = after.optimizer![layer]!;
      expect(relativeChange).toBeGreaterThan(0);
      if (masks[0]!.includes(layer)) continue;
      recycled.add(layer);
      expect(after.optimizer![layer]).toEqual(before.optimizer![layer]);
    }
  }
  expect(blocks.size).toBe(3);
  expect(recycled.size).toBeGreaterThan(0);
});
