// @module-tag long
import { describe, expect, it } from 'vitest';
import { faults } from './index.ts';
import { moments, planKills } from './plan.ts';

describe('planKills', () => {
  it('draws so many, in the order in which they come, the same for a seed', () => {
    const kills = planKills(100, 20, 1);
    expect(kills).toHaveLength(100);
    expect(planKills(100, 20, 1)).toEqual(kills);
    expect(planKills(100, 20, 2)).not.toEqual(kills);
    const places = kills.map(({ round, moment }) => [round, moments.indexOf(moment)] as const);
    expect(places.toSorted((a, b) => a[0] - b[0] || a[1] - b[1])).toEqual(places);
    expect(new Set(kills.map((k) => k.moment)).size).toBe(moments.length);
    expect(new Set(kills.map((k) => k.round)).size).toBeGreaterThan(15);
  });
});

it('a server that is killed five times in two rounds ends the run with the bytes of one that was left alone', async () => {
  const rows: object[] = [];
  const options = { ...faults.options, kills: 5, rounds: 2 };
  for await (const row of faults.run({ options, log: () => {} })) rows.push(row);
  expect(rows).toMatchObject([
    { kills: 5, sameBytes: true, committed: 2, abandoned: 0, updates: 3, database: 'embedded' },
  ]);
}, 300_000);
