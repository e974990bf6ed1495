// @module-tag long
import { expect, it } from 'vitest';
import { random } from '../../random.ts';
import { answerAll, hello, memoryRun, startCrew, testConfig, tinyModel } from '../testing/index.ts';

/** R10 on whole rounds: members close their tabs at random while they train, and are back for the next round. */

const goal = 10;
const rounds = 100;
const runs = 20;

/** Updates of each round of a run whose members are lost with probability `loss`, and members asked. */
async function played(loss: number, seed: number): Promise<{ updates: number; asked: number }[]> {
  const run = await memoryRun({
    config: testConfig({
      model: tinyModel,
      side: 8,
      strategy: { name: 'top' },
      budget: { kind: 'fixed', unit: 'layers', amount: 1 },
      rounds,
      purpose: { kind: 'test', sampling: seed },
      cohort: { goal, minimum: goal, quorum: 0.1 },
    }),
  });
  await startCrew(run, 60);
  const draws = random('losses', loss, seed);
  while (run.book.run.state === 'running') {
    const { round } = run.book.openRound!;
    const members = run.book.cohort(round).map((m) => m.client);
    const lost = members.filter(() => draws.uniform() < loss);
    for (const id of lost) await run.leave(id);
    const training = () => run.book.round(round).phase === 'training';
    await answerAll(run, members, () => !training());
    for (const id of lost) await run.hello(id, hello(id));
    await answerAll(run, members, () => run.book.openRound?.round !== round);
    await run.advance(1);
  }
  return [...run.book.rounds.keys()].map((round) => {
    const cohort = run.book.cohort(round);
    return { updates: cohort.filter((m) => m.update !== null).length, asked: cohort.length };
  });
}

it.each([0.1, 0.3])(
  'R10: at a loss of %f the goal is met in 99 of 100 rounds',
  async (loss) => {
    let [all, met, asked] = [0, 0, 0];
    for (let seed = 1; seed <= runs; seed++) {
      const [first, ...later] = await played(loss, seed);
      expect(first?.asked).toBe(goal); // nothing is known yet
      for (const round of later) {
        all += 1;
        asked += round.asked;
        if (round.updates >= goal) met += 1;
      }
    }
    console.info(
      `loss ${loss}: goal met in ${met} of ${all} rounds, ${(asked / all).toFixed(1)} asked for ${goal}`,
    );
    expect(met / all).toBeGreaterThanOrEqual(0.99);
  },
  300_000,
);
