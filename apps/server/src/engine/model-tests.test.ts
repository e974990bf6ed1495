import { routes } from '@strata/fl-core/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestServer, testConfig } from '../testing/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterAll(() => server.close(), 60_000);

const found = { data: 'ward B', samples: 200, loss: 0.7, accuracy: 0.8 };

it('what an operator found of a model stands in the view, the newest time, and each time on record and in the log', async () => {
  const { id } = await server.createRun(testConfig());
  const note = (body: typeof found, round = 0) =>
    server.operator.call(routes.testModel, { params: { run: id, round }, body });
  expect((await server.view(id)).tests).toEqual([]);
  const first = await note(found);
  expect(first).toMatchObject({ ...found, round: 0 });
  expect((await server.view(id)).tests).toEqual([first]);
  const again = await note({ ...found, accuracy: 0.9 });
  expect((await server.view(id)).tests).toEqual([again]);

  const { entries } = await server.operator.call(routes.audit, { query: { limit: 10 } });
  expect(
    entries.filter(({ kind }) => kind === 'model-tested').map(({ run, details }) => [run, details]),
  ).toEqual(
    ['0.9', '0.8'].map((accuracy) => [
      id,
      { round: '0', data: 'ward B', samples: '200', loss: '0.7', accuracy },
    ]),
  );
  const log = await server.operator.call(routes.events, { params: { run: id }, query: {} });
  expect(log.at(-1)?.message).toBe(
    'The model of round 0 was tested on ward B, 200 samples: accuracy 90.0 %, loss 0.700.',
  );
});

it('is refused of models that there are not, and figures that cannot be', async () => {
  const { id } = await server.createRun(testConfig());
  const note = (run: string, round: number, accuracy = 0.5) =>
    server.operator.call(routes.testModel, { params: { run, round }, body: { ...found, accuracy } });
  await expect(note(id, 1)).rejects.toMatchObject({ code: 'unknown-round' });
  await expect(note('run-x', 0)).rejects.toMatchObject({ code: 'unknown-run' });
  await expect(note(id, 0, 1.5)).rejects.toMatchObject({ code: 'bad-request' });
  expect((await server.view(id)).tests).toEqual([]);
});
