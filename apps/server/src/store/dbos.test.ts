import { DBOS } from '@dbos-inc/dbos-sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Store } from './store.ts';
import { testDatabases } from './testing.ts';

const greet = DBOS.registerWorkflow(
  async (name: string) => {
    const greeting = await DBOS.runStep(async () => `hello ${name}`, { name: 'greet' });
    const answer = await DBOS.recv<string>('answer', 20);
    return `${greeting}, ${answer}`;
  },
  { name: 'greet' },
);

describe.each(await testDatabases())('DBOS on $name', ({ open, missing }) => {
  describe.skipIf(missing)('system database', () => {
    let store: Store;
    beforeAll(async () => {
      store = await open();
      DBOS.setConfig({
        name: 'strata-test',
        systemDatabaseUrl: store.databaseUrl,
        systemDatabasePool: store.pool,
        applicationVersion: '1',
        runAdminServer: false,
        logLevel: 'error',
      });
      await DBOS.launch();
    }, 120_000);
    afterAll(async () => {
      await DBOS.shutdown();
      await store?.close();
    });

    test('workflows run, and LISTEN wakes the ones that wait', async () => {
      const started = performance.now();
      const handles = await Promise.all(
        Array.from({ length: 8 }, (_, i) => DBOS.startWorkflow(greet, { workflowID: `w${i}` })(`${i}`)),
      );
      await Promise.all(handles.map((handle) => DBOS.send(handle.workflowID, 'and you', 'answer')));
      const results = await Promise.all(handles.map((handle) => handle.getResult()));
      expect(results).toEqual(Array.from({ length: 8 }, (_, i) => `hello ${i}, and you`));
      // Far below `recv`'s time-out: a message is not found by waiting it out.
      expect(performance.now() - started).toBeLessThan(10_000);
    });
  });
});
