import { deserialize, serialize } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { answerAll, memoryRun, startCrew, testConfig, tinyModel } from '../testing/index.ts';
import { type KeptRun, MemoryRun } from './run.ts';

const config = testConfig({
  model: tinyModel,
  side: 8,
  rounds: 4,
  cohort: { goal: 3, minimum: 3, quorum: 1 },
  strategy: { name: 'adagrad-select' },
});

describe('a run that is kept outside of the process', () => {
  it('goes on as if there had been no break, to the byte, without what it needs no more', async () => {
    const unbroken = await memoryRun({ config });
    const ids = await startCrew(unbroken, 5);
    await answerAll(unbroken, ids);
    expect(unbroken.book.run.state).toBe('finished');

    let run: MemoryRun = await memoryRun({ config });
    await startCrew(run, 5);
    for (const round of [1, 2, 3]) {
      const over = () => run.book.run.committedRound >= round;
      await answerAll(run, ids, over);
      run.book.tidy();
      const bytes = serialize(run.kept);
      run = await MemoryRun.resume(deserialize(bytes) as KeptRun);
      expect(run.book.openRound?.round).toBe(round + 1);
    }
    await answerAll(run, ids);
    expect(run.book.run.state).toBe('finished');
    expect(run.book.checkpoint(4)).toEqual(unbroken.book.checkpoint(4));
    expect(run.book.rounds).toEqual(unbroken.book.rounds);
    expect(run.book.members).toEqual(unbroken.book.members);
    // The updates of closed rounds are gone.
    const [first] = run.book.cohort(1);
    expect(() => run.book.read(first!.update!)).toThrow('There is no blob');
    expect(run.book.read(unbroken.book.checkpoint(4).layers.head!.sha256)).toBeInstanceOf(Uint8Array);
  });
});
