// @module-tag long
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { chooseBackend } from '@strata/fl-core/training';
import { beforeAll, describe, expect, it } from 'vitest';
import { play } from './play.ts';

beforeAll(async () => {
  await chooseBackend({ force: 'cpu' });
});

describe('rounds of one’s own in memory', () => {
  it('learns: three participants, the head alone in the first round, then two layers each', async () => {
    const rounds = await play({ participants: 3, rounds: 3, seed: 1 });
    expect(rounds.map(({ phase, cohort, updates }) => [phase, cohort, updates])).toEqual(
      Array(3).fill(['committed', 3, 3]),
    );
    for (const [i, { masks }] of rounds.entries()) {
      expect(Object.keys(masks)).toEqual(['participant-1', 'participant-2', 'participant-3']);
      // No gradient goes below a head of zeros: in the first round there is nothing to choose by.
      for (const mask of Object.values(masks)) expect(mask).toHaveLength(i === 0 ? 0 : 2);
    }
    expect(rounds[2]!.loss).toBeLessThan(rounds[0]!.loss!);
    expect(rounds[2]!.accuracy).toBe(1);
    expect(new Set(rounds.map((r) => r.head)).size).toBe(3);
  });

  it('gives the same bytes by the same seed, and others by another', async () => {
    const heads = async (seed: number) =>
      (await play({ participants: 2, rounds: 1, seed })).map((r) => r.head);
    const first = await heads(2);
    expect(await heads(2)).toEqual(first);
    expect(await heads(3)).not.toEqual(first);
  });

  it('runs as the README says', () => {
    const main = fileURLToPath(new URL('main.ts', import.meta.url));
    const { status, stdout } = spawnSync(process.execPath, ['--import', 'tsx', main], { encoding: 'utf8' });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^round 3: loss 0\.\d+, accuracy \d\.\d\d, head [0-9a-f]{12}$/m);
  });
});
