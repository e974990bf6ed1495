// @module-tag long
import { expect, it } from 'vitest';
import { orchestrator } from './index.ts';

it('plays counted rounds on a real server, beside a bare one, and measures its memory', async () => {
  const rows: object[] = [];
  const options = { ...orchestrator.options, quick: true };
  for await (const row of orchestrator.run({ options, log: () => {} })) rows.push(row);
  const isPositive = (n: unknown) => typeof n === 'number' && n > 0;
  const positive = expect.toSatisfy(isPositive, 'is positive');
  const ofOne = expect.toSatisfy((n: unknown) => Array.isArray(n) && n.length === 1 && n.every(isPositive));

  expect(rows).toMatchObject([
    { what: 'idle', name: 'first start', startMegabytes: ofOne, peakMegabytes: ofOne },
    { what: 'idle', name: 'later start', startMegabytes: ofOne, peakMegabytes: ofOne },
    {
      what: 'round',
      clients: 4,
      counted: 4, // every update of every round
      megabytesEach: positive,
      seconds: { training: positive, aggregating: positive, evaluating: positive },
      commitAfterLastUploadSeconds: positive,
      limitSeconds: positive,
      peakMegabytes: ofOne,
      p99ControlMs: positive,
    },
    { what: 'sockets', clients: 30, joinedASecond: positive, p99ControlMs: positive },
  ]);
}, 120_000);

it('refuses several nodes on an embedded database', async () => {
  const rows = orchestrator.run({ options: { ...orchestrator.options, nodes: 2 }, log: () => {} });
  await expect(rows[Symbol.asyncIterator]().next()).rejects.toThrow('share a PostgreSQL');
});

it('refuses rows that there are not', async () => {
  const rows = orchestrator.run({ options: { ...orchestrator.options, rows: 'ful' }, log: () => {} });
  await expect(rows[Symbol.asyncIterator]().next()).rejects.toThrow('There are no rows ful.');
});
