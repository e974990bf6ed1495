// @module-tag long
import { expect, it } from 'vitest';
import { orchestrator } from './index.ts';

it('plays counted rounds on a real server, beside a bare one, and measures its memory', async () => {
  const rows: object[] = [];
  const options = { ...orchestrator.options, quick: true };
  for await (const row of orchestrator.run({ options, log: () => {} })) rows.push(row);
  const positive = expect.toSatisfy((n: unknown) => typeof n === 'number' && n > 0, 'is positive');

  expect(rows).toMatchObject([
    { what: 'idle', name: 'first start', startMegabytes: positive, peakMegabytes: positive },
    { what: 'idle', name: 'later start', startMegabytes: positive, peakMegabytes: positive },
    {
      what: 'round',
      clients: 4,
      counted: 4, // every update of every round
      megabytesEach: positive,
      seconds: { training: positive, aggregating: positive, evaluating: positive },
      commitAfterLastUploadSeconds: positive,
      limitSeconds: positive,
      peakMegabytes: positive,
      p99ControlMs: positive,
    },
    { what: 'sockets', clients: 30, joinedASecond: positive, p99ControlMs: positive },
  ]);
}, 120_000);

it('refuses rows that there are not', async () => {
  const rows = orchestrator.run({ options: { ...orchestrator.options, rows: 'ful' }, log: () => {} });
  await expect(rows[Symbol.asyncIterator]().next()).rejects.toThrow('There are no rows ful.');
});
