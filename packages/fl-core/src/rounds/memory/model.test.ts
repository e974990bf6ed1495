import { describe, expect, it } from 'vitest';
import { RandomLife } from '../testing/random-life.ts';

/** Seeds that are lived through: a few everywhere, 200 with STRATA_ROUND_SEEDS=200; a failed seed names itself. */
const seeds = Number(process.env.STRATA_ROUND_SEEDS ?? 30);
const operations = 500;

async function live(seed: number, steps = operations): Promise<RandomLife> {
  const life = await RandomLife.begin(seed);
  try {
    for (let n = 0; n < steps; n++) await life.step();
    await life.recover();
  } catch (error) {
    const last = `step ${life.log.length}, after ${life.log.slice(-12).join(', ')}`;
    throw new Error(`seed ${seed}, ${last}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
  return life;
}

describe('a run to which anything may happen', () => {
  it(`keeps the rules over ${seeds} seeds of ${operations} operations`, { timeout: 600_000 }, async () => {
    let committed = 0;
    let abandoned = 0;
    let stale = 0;
    for (let seed = 1; seed <= seeds; seed++) {
      const { moves, book } = (await live(seed)).run;
      committed += moves.filter((m) => m.phase === 'committed').length;
      abandoned += moves.filter((m) => m.phase === 'abandoned').length;
      const members = [...book.rounds.keys()].flatMap((round) => book.cohort(round));
      stale += members.filter((m) => (m.staleness ?? 0) > 0).length;
    }
    // The lives are worth something only if rounds come to both ends.
    expect(committed).toBeGreaterThan(3 * seeds);
    expect(abandoned).toBeGreaterThan(seeds / 2);
    expect(stale).toBeGreaterThan(seeds / 4);
  });

  it('R11: the same seed gives the same life, to the last hash', async () => {
    const [a, b] = [await live(7, 200), await live(7, 200)];
    expect(a.run.moves).toEqual(b.run.moves);
    expect([...a.run.book.checkpoints]).toEqual([...b.run.book.checkpoints]);
  });
});
