import { createDataPlane } from '@strata/client';
import { type ClientCommand, routes } from '@strata/fl-core/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Gate, gated, startCrew } from '../testing/crew.ts';
import { TestServer } from '../testing/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterAll(() => server.close(), 60_000);

const command = (run: string, client: string, what: ClientCommand['command']) =>
  server.operator.call(routes.commandClient, { params: { run, client }, body: { command: what } });
const kinds = async (run: string) => (await server.events(run)).map((event) => event.kind);

describe('a participant whom the operator sends away', () => {
  it('is out of the round, which does not wait for it, and may join again when it was only removed', async () => {
    const gate = new Gate();
    const { id, clients } = await startCrew(server, [{}, {}, { train: gated(gate) }], { rounds: 1 });
    const last = clients[2]!;
    await last.until((work) => work.kind === 'train', 'training');
    await command(id, last.id, 'remove');
    await expect.poll(() => last.dismissals).toMatchObject([{ code: 'removed', hint: expect.any(String) }]);
    const view = await server.until(id, (v) => v.state === 'finished', 'the end');
    expect(view.rounds[0]).toMatchObject({ phase: 'committed', updates: 2 });
    expect(await kinds(id)).toContain('client-removed');
    await expect(last.upload(1, [])).rejects.toMatchObject({ code: expect.stringMatching(/^wrong-/) });
    await expect(last.join()).resolves.toMatchObject({ kind: 'over' });
    gate.open();
  });

  it('cannot come back when it was banned: not by a socket, an upload or a page', async () => {
    const { id, clients } = await startCrew(server, [{}, {}, {}], { rounds: 50 });
    const hostile = clients[1]!;
    await server.until(id, (v) => v.committed >= 1, 'a committed round');
    const view = await command(id, hostile.id, 'ban');
    expect(view.clients.find((client) => client.id === hostile.id)).toMatchObject({
      banned: true,
      presence: 'left',
    });
    const refusal = { code: 'banned', message: expect.stringContaining('operator') };
    await expect.poll(() => hostile.dismissals).toMatchObject([refusal]);
    await expect(hostile.join()).rejects.toMatchObject(refusal);
    await expect(hostile.put(2, new Uint8Array(10))).rejects.toMatchObject(refusal);
    const identity = { client: hostile.id, secret: hostile.secret };
    const plane = createDataPlane({ server: server.url, run: id, key: null, identity });
    await expect(plane.run(new AbortController().signal)).rejects.toMatchObject(refusal);

    await command(id, hostile.id, 'admit');
    await expect(hostile.join()).resolves.toBeDefined();
    expect(await kinds(id)).toEqual(expect.arrayContaining(['client-banned', 'client-admitted']));
    await server.command(id, 'stop');
  });

  it('is somebody whom the run knows', async () => {
    const { id } = await startCrew(server, [{}]);
    await expect(command(id, 'nobody', 'ban')).rejects.toMatchObject({ code: 'unknown-client' });
    await expect(command('no-run', 'c1', 'ban')).rejects.toMatchObject({ code: 'unknown-run' });
  });

  it('is kept out even if it never answered, when nothing else of it would be remembered', async () => {
    const { id, clients } = await startCrew(server, [{}]);
    const hostile = clients[0]!;
    await command(id, hostile.id, 'ban');
    await expect.poll(() => hostile.dismissals).toHaveLength(1);
    await expect(hostile.join()).rejects.toMatchObject({ code: 'banned' });
  });
});
