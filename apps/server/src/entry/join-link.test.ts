import { Caller, createDataPlane, invited, newIdentity } from '@strata/client';
import { type RunView, routes } from '@strata/fl-core/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Hostile } from '../testing/hostile.ts';
import { TestServer, testConfig } from '../testing/server.ts';

let server: TestServer;
let anybody: Caller;
beforeAll(async () => {
  server = await TestServer.start();
  anybody = new Caller({ server: server.url });
}, 120_000);
afterAll(() => server.close(), 60_000);

const config = testConfig();
const signal = new AbortController().signal;
const connect = async ({ id }: RunView, client: string, key?: string) => {
  const socket = new Hostile({ url: server.url, run: id, client, ...(key === undefined ? {} : { key }) });
  await socket.connect().finally(() => socket.drop());
};

describe('a run that is not listed', () => {
  it.each([
    ['no key', undefined, 'no invitation'],
    ['a wrong key', 'AAAAAAAAAAAAAAAAAAAAAA', 'not valid'],
    ['a part of the key', 'part', 'not valid'],
  ])('lets nobody in with %s, and says what to do', async (_what, given, says) => {
    const run = await server.createRun(config);
    const key = given === 'part' ? run.joinKey.slice(0, -1) : given;
    const refusal = {
      code: 'not-invited',
      message: expect.stringContaining(says),
      hint: expect.stringContaining('Ask for the link again'),
    };
    await expect(connect(run, 'c1', key)).rejects.toMatchObject(refusal);
    const params = { run: run.id };
    const options = { headers: invited(key ?? null) };
    for (const route of [routes.publicRun, routes.manifest]) {
      await expect(anybody.call(route, { params }, options)).rejects.toMatchObject(refusal);
    }
    expect((await server.view(run.id)).clients).toEqual([]);
  });

  it('lets in who has the link', async () => {
    const run = await server.createRun(config);
    await connect(run, 'c1', run.joinKey);
    const plane = createDataPlane({
      server: server.url,
      run: run.id,
      key: run.joinKey,
      identity: newIdentity(),
    });
    const seen = await plane.run(signal);
    expect(seen.id).toBe(run.id);
    expect(JSON.stringify([seen, await plane.manifest(signal)])).not.toContain(run.joinKey);
  });

  it('stays open to its participants when the link is renewed, and to nobody else with the old one', async () => {
    const run = await server.createRun(config);
    const client = server.client({ run: run.id, id: 'early', config });
    await client.join();
    const renewed = await server.operator.call(routes.renewJoinKey, { params: { run: run.id } });
    expect(renewed.joinKey).not.toBe(run.joinKey);
    await expect(connect(run, 'late', run.joinKey)).rejects.toMatchObject({ code: 'not-invited' });
    await connect(run, 'late', renewed.joinKey);

    client.drop();
    await client.join();
    const identity = { client: client.id, secret: client.secret };
    const plane = createDataPlane({ server: server.url, run: run.id, key: run.joinKey, identity });
    expect((await plane.manifest(signal)).id).toBe(run.id);
    const other = createDataPlane({
      server: server.url,
      run: run.id,
      key: null,
      identity: { ...identity, secret: 'b'.repeat(64) },
    });
    await expect(other.manifest(signal)).rejects.toMatchObject({ code: 'unauthorized' });
    const log = await server.events(run.id);
    expect(log.map((event) => event.kind)).toContain('join-link-renewed');
  });
});

describe('the start page', () => {
  it('has listed runs that have begun, and no drafts', async () => {
    const listed = testConfig({ visibility: 'listed' });
    const [draft, open] = [await server.createRun(listed), await server.createRun(listed)];
    const invitedOnly = await server.createRun(config);
    await server.command(open.id, 'start');
    await server.command(invitedOnly.id, 'start');
    const shown = await anybody.call(routes.publicRuns, {});
    expect(shown.map((run) => run.id)).toEqual([open.id]);
    // Who was sent the address of a listed draft may come early.
    await connect(draft, 'c1');
  });
});
