import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compare, problem } from './compare.ts';
import { vote } from './vote.ts';

const found = compare(problem);
const of = (name: string) => found.find((f) => f.name === name)!;

describe('a strategy of one’s own beside Strata’s', () => {
  it('votes by hand-counted ballots: block0 three, block5 two, then the earlier of those with one', () => {
    expect(of('vote').masks).toEqual({
      lab: ['block0', 'block5'],
      clinic: ['block0', 'block5'],
      practice: ['block0'],
      ward: ['block0', 'block1', 'block5'],
    });
  });

  it('keeps every budget, whatever the strategy', () => {
    for (const { masks } of found)
      for (const { id, budget } of problem.clients) expect(masks[id]!.length).toBeLessThanOrEqual(budget);
  });

  it('lies where one would look for it: Strata covers most at lambda 0 and agrees most at a large one', () => {
    expect(of('strata, lambda 0').covered).toBeGreaterThan(of('vote').covered!);
    expect(of('strata, lambda 10').agreement).toBeGreaterThanOrEqual(of('vote').agreement);
    expect(of('strata, lambda 10').covered).toBeGreaterThan(of('vote').covered!);
  });

  it('gives who brought no scores no vote', () => {
    const [first, ...others] = problem.clients;
    const masks = vote.select({ ...problem, clients: [{ ...first!, scores: null }, ...others] }).masks;
    expect(masks[first!.id]).toEqual(['block0', 'block5']);
  });

  it('runs as the README says', () => {
    const main = fileURLToPath(new URL('main.ts', import.meta.url));
    const { status, stdout } = spawnSync(process.execPath, ['--import', 'tsx', main], { encoding: 'utf8' });
    expect(status).toBe(0);
    for (const { name } of found) expect(stdout).toContain(`${name}: agreement`);
  });
});
