import { Caller, invited, newIdentity } from '@strata/client';
import { type NewInvitation, type RunView, routes } from '@strata/fl-core/protocol';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { clients, invitations } from '../store/schema.ts';
import { Hostile } from '../testing/hostile.ts';
import { TestServer, testConfig } from '../testing/server.ts';

let server: TestServer;
let anybody: Caller;
beforeAll(async () => {
  server = await TestServer.start();
  anybody = new Caller({ server: server.url });
}, 120_000);
afterAll(() => server.close(), 60_000);

const config = testConfig({ visibility: 'named' });
const invite = (run: RunView, body: z.input<typeof NewInvitation> = {}) =>
  server.operator.call(routes.createInvitation, { params: { run: run.id }, body });
const list = (run: RunView) => server.operator.call(routes.invitations, { params: { run: run.id } });

/** Comes in and stays: who has answered nothing is forgotten when it goes. */
async function enter(run: RunView, key: string, identity = newIdentity()): Promise<Hostile> {
  const socket = new Hostile({ url: server.url, run: run.id, ...identity, key });
  try {
    await socket.connect();
    return socket;
  } catch (error) {
    socket.drop();
    throw error;
  }
}
const refusal = (message: string) => ({ code: 'not-invited', message: expect.stringContaining(message) });

describe('a run for those with an invitation', () => {
  it('lets in who brings one that has a place left, and names the site; the join link lets nobody in', async () => {
    const run = await server.createRun(config);
    await expect(enter(run, run.joinKey)).rejects.toMatchObject(refusal('not valid'));
    const { secret, invitation } = await invite(run, { site: 'Hospital A' });
    const options = { headers: invited(secret) };
    expect((await anybody.call(routes.publicRun, { params: { run: run.id } }, options)).id).toBe(run.id);
    const socket = await enter(run, secret);
    expect(await socket.hello()).toMatchObject({ ok: true });
    expect((await server.view(run.id)).clients).toMatchObject([{ site: 'Hospital A' }]);
    expect(await list(run)).toEqual([{ ...invitation, used: 1 }]);
    await expect(enter(run, secret)).rejects.toMatchObject(refusal('used already'));
    await expect(anybody.call(routes.manifest, { params: { run: run.id } }, options)).rejects.toMatchObject(
      refusal('used already'),
    );
    socket.drop();
  });

  it('gives the last place to one of many who come at once', async () => {
    const run = await server.createRun(config);
    const { secret } = await invite(run, { uses: 3 });
    const came = await Promise.allSettled(Array.from({ length: 8 }, () => enter(run, secret)));
    expect(came.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    expect(await list(run)).toMatchObject([{ used: 3, uses: 3 }]);
    for (const one of came) if (one.status === 'fulfilled') one.value.drop();
  });

  it('gives the place back of who leaves without an answer; who has answered, or is banned, keeps it', async () => {
    const run = await server.createRun(config);
    const { secret } = await invite(run);
    const identity = newIdentity();
    const socket = await enter(run, secret, identity);
    socket.drop();
    await expect.poll(async () => (await list(run))[0]?.used, { timeout: 10_000 }).toBe(0);
    const again = await enter(run, secret, identity);
    await server.store.db.update(clients).set({ proven: true }).where(eq(clients.id, identity.client));
    again.drop();
    // It needs no invitation any more, and nobody else has its place.
    const back = await enter(run, 'forgotten', identity);
    await expect(enter(run, secret)).rejects.toMatchObject(refusal('used already'));
    back.drop();
  });

  it('lets nobody in by one that is revoked, expired or of another run; who is in stays', async () => {
    const run = await server.createRun(config);
    const other = await invite(await server.createRun(config), { uses: 9 });
    await expect(enter(run, other.secret)).rejects.toMatchObject(refusal('not valid'));
    const { secret, invitation } = await invite(run, { uses: 9 });
    const identity = newIdentity();
    const socket = await enter(run, secret, identity);
    expect(await socket.hello()).toMatchObject({ ok: true });
    const params = { run: run.id, invitation: invitation.id };
    const revoked = await server.operator.call(routes.revokeInvitation, { params });
    expect(await server.operator.call(routes.revokeInvitation, { params })).toEqual(revoked);
    await expect(enter(run, secret)).rejects.toMatchObject(refusal('taken back'));
    (await enter(run, secret, identity)).drop();
    socket.drop();

    const late = await invite(run, { uses: 9 });
    const past = { expiresAt: new Date(Date.now() - 1) };
    await server.store.db.update(invitations).set(past).where(eq(invitations.id, late.invitation.id));
    await expect(enter(run, late.secret)).rejects.toMatchObject(refusal('expired'));
  });

  it('keeps the hash of an invitation alone, and its making and end on record', async () => {
    const run = await server.createRun(testConfig());
    const { secret, invitation } = await invite(run, { site: 'Hospital B', uses: 2, days: 3 });
    await server.operator.call(routes.revokeInvitation, {
      params: { run: run.id, invitation: invitation.id },
    });
    const rows = await server.store.db.select().from(invitations).where(eq(invitations.run, run.id));
    const { entries } = await server.operator.call(routes.audit, { query: { limit: 2 } });
    expect(entries.map(({ kind, run: of, details }) => [kind, of, details.site])).toEqual([
      ['invitation-revoked', run.id, 'Hospital B'],
      ['invitation-created', run.id, 'Hospital B'],
    ]);
    expect(JSON.stringify([rows, entries, await list(run), await server.view(run.id)])).not.toContain(secret);
  });
});
