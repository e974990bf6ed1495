// @module-tag long
import { type RunConfigInput, type RunView, routes } from '@strata/fl-core/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestServer, testConfig } from '../testing/server.ts';
import { dataSheet } from './data-sheet.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterAll(() => server.close(), 60_000);

const sheetOf = (run: RunView) =>
  dataSheet({ run, audit: { count: 7, head: 'abc' }, now: Date.UTC(2026, 10, 28) });
const create = (config: Partial<RunConfigInput>) => server.createRun(testConfig(config));

it('says of a study and of a test what their participants can rely on, and of neither more', async () => {
  const study = sheetOf(
    await create({
      ...{ name: 'Lungs *A*\n# x', purpose: { kind: 'study' }, visibility: 'named' },
      cohort: { goal: 5, minimum: 4, quorum: 1 },
    }),
  );
  expect(study).toContain('# Data sheet: Lungs \\*A\\* \\# x');
  for (const text of [
    'Made by Strata on 2026-11-28',
    'no round has fewer than 3 participants',
    'at least 4 participants; 5 are wanted',
    'Only who has an invitation',
    '0 participants are listed.',
    'The server sees each participant’s update',
    'ended with entry 7, `abc`',
    '## Third parties\n\n- None:',
  ]) {
    expect(study).toContain(text);
  }
  expect(study).toContain('neither clipped for privacy nor noised');
  const picky = sheetOf(
    await create({
      cohort: { eligible: { backends: ['webgpu'], samples: 50 } },
      retention: { last: 5, best: 2, participants: 30, run: 1 },
    }),
  );
  for (const text of [
    'Devices take part that train by webgpu and have 50 samples or more to train on, by what they say themselves.',
    'the first and the newest 5 keep their weights, the 2 with the lowest held-out loss;',
    'and the log are deleted 30 days after the run’s end. The run is deleted with all models 1 day after',
  ]) {
    expect(picky).toContain(text);
  }
  expect(study).toContain('which label each has, how many there are of each label, and the names');
  const computed = sheetOf(await create({ local: { head: { warmUp: { kind: 'closed-form' } } } }));
  expect(computed).toContain('they tell how many samples it has of each label');
  expect(computed).toContain('which label each has, and the names');
  const buffered = sheetOf(
    await create({
      strategy: { name: 'top' },
      cohort: { goal: 3, timing: { kind: 'buffered', atWork: 9, staleness: 7 } },
    }),
  );
  expect(buffered).toContain('up to 9 participants are at work at once');
  expect(buffered).toContain('models up to 7 commits old');
  // What somebody may still work on is kept, and one more.
  expect(buffered).toContain('the first and the newest 9 keep their weights');
  expect(study).not.toContain('buffered');
  const test = sheetOf(await create({ purpose: { kind: 'test' } }));
  expect(test).toContain('It is a **test**');
  expect(test).not.toContain('fewer than 3');
});

it('says what a run promises of differential privacy, and what of it is spent', async () => {
  const run = await create({
    privacy: { kind: 'client', epsilon: 8, delta: 1e-3, clip: 1 },
    aggregation: { rule: { name: 'mean' } },
  });
  const sheet = sheetOf({ ...run, spent: { epsilon: 2.5, models: 3 } });
  expect(sheet).toContain('the 3 models that were sent during the run are together (ε = 2.50');
  expect(sheet).toContain('each with the same weight');
  expect(sheet).not.toContain('nor noised');
});

it('says of a sealed run what the server sees, what leaves a device and what that does not cover', async () => {
  const run = await create({
    strategy: { name: 'top' },
    cohort: { goal: 6, minimum: 6, quorum: 1 },
    aggregation: {
      rule: { name: 'mean' },
      weightCap: null,
      sealing: { kind: 'sealed', atLeast: 5, samples: 100 },
    },
  });
  const sheet = sheetOf(run);
  for (const text of [
    'the server sees sums of at least 5 participants alone, as long as it keeps to the protocol',
    'all of it as masked words',
    'encrypted shares of secrets',
    'who trained which layers is known',
    'samples up to a bound, which travel in the sums',
    'no model is made of fewer than 5 updates all the same',
    'Each layer of a model mixes at least 5 participants, or stays as it was',
  ]) {
    expect(sheet).toContain(text);
  }
  expect(sheet).not.toContain('sees each participant’s update');
  expect(sheet).not.toContain('numbers of training and of held-out samples');
});

it('counts participants by the site whose invitation they came by', async () => {
  const run = await create({});
  const client = (site: string, awaitsApproval = false): RunView['clients'][number] => ({
    ...{ id: `c-${site}`, name: '', site, presence: 'left', paused: false, banned: false, awaitsApproval },
    ...{ device: { backend: 'cpu', reason: '', adapter: '', threads: 1 }, samples: 1, heldOut: 1 },
    ...{ joinedAt: 0, progress: null },
  });
  const sheet = sheetOf({
    ...run,
    clients: [...['B', 'A', 'B', ''].map((site) => client(site)), client('C', true)],
  });
  expect(sheet).toContain('4 participants are listed, by invitation of A: 1; B: 2.');
  expect(sheet).not.toContain('until an operator has let them in');
  expect(sheetOf(await create({ approval: true }))).toContain('waits until an operator has let them in');
});

it('is downloaded with the end of the audit log in it', async () => {
  const { id } = await create({});
  const answer = await server.operator.bytes(routes.dataSheet, { params: { run: id } });
  expect(answer.headers.get('content-disposition')).toContain(`${id}-data-sheet.md`);
  const { head } = await server.operator.call(routes.audit, {});
  expect(await answer.text()).toContain(head);
});
