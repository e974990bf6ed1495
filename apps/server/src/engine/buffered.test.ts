import { createHash } from 'node:crypto';
import { AuditEntry, checkSignedAudit, type RunConfig, routes } from '@strata/fl-core/protocol';
import { answerAll, hello, memoryRun, updateBytes } from '@strata/fl-core/rounds/testing';
import { identityOf, isUpdateSigned, newIdentityKeys, signUpdate } from '@strata/fl-core/signing';
import { signatureText } from '@strata/fl-core/signing/messages';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Script, TestClient, WorkOf } from '../testing/client.ts';
import { committed, Gate, startCrew } from '../testing/crew.ts';
import { TestServer, testConfig } from '../testing/server.ts';

/** Buffered runs on a server: c1 and c2 are fast, c3 is slow; a buffer holds two updates. */

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterEach(() => server.dropClients());
afterAll(() => server.close(), 60_000);

const buffered = (staleness: number): Parameters<typeof testConfig>[0] => ({
  rounds: 3,
  strategy: { name: 'top' },
  cohort: { goal: 2, minimum: 1, quorum: 0.5, timing: { kind: 'buffered', atWork: 3, staleness } },
  deadlines: { probing: 300, training: 300, evaluating: 300 },
});

/** Sends until a buffer takes it, as a session does. */
async function send(client: TestClient, work: WorkOf<'train'>): Promise<void> {
  for (;;) {
    try {
      await client.upload(work.round, client.delta(work));
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== 'unavailable') throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** The same in memory: c1 and c2 fill two buffers, c3 and c1 the third. */
async function inMemory(config: RunConfig) {
  const run = await memoryRun({ config });
  for (const id of ['c1', 'c2', 'c3']) await run.hello(id, hello(id));
  await run.command('start');
  await answerAll(run, ['c1', 'c2'], () => run.book.committed.length === 2);
  for (const id of ['c3', 'c1']) {
    const work = run.work(id);
    if (work.kind !== 'train') throw new Error(work.kind);
    await run.update(id, work.round, updateBytes(run, id, work));
  }
  await answerAll(run, ['c1', 'c3'], () => run.book.committed.length === 3);
  return [1, 2, 3].map((round) => ({
    layers: run.book.checkpoint(round).layers,
    members: run.book.cohort(round).map((m) => [m.client, m.mask, m.given?.round ?? null, m.staleness]),
  }));
}

describe('a buffered run', () => {
  it('is the same as in memory: nobody waits for who is slow, whose update counts in a later round', async () => {
    const slow = new Gate();
    const last = new Gate();
    const seen: string[] = [];
    const { id, config, clients } = await startCrew(
      server,
      [
        {
          train: async (client, work) => {
            if (work.round === 3) await last.opened;
            await send(client, work);
          },
        },
        { train: (client, work) => (work.round < 3 ? send(client, work) : Promise.resolve()) },
        {
          train: async (client, work) => {
            seen.push(JSON.stringify({ ...work, remainingMs: 0 }));
            await slow.opened;
            await send(client, work);
          },
        },
      ],
      buffered(10),
    );
    const two = await committed(server, id, 2);
    expect(two.round).toBe(2);
    await server.until(id, (v) => v.rounds[2]?.phase === 'training', 'training of round 3');
    // While two models were made it was told nothing else.
    const { history } = clients[2]!;
    const told = history.slice(history.findIndex((w) => w.kind === 'train'));
    expect(new Set(told.map((w) => JSON.stringify({ ...w, remainingMs: 0 })))).toEqual(new Set(seen));
    slow.open();
    await clients[2]!.until((w) => w.kind !== 'train', 'its update to be counted');
    last.open();
    const three = await committed(server, id, 3);
    expect(three).toMatchObject({ updates: 2, stale: { updates: 1 } });
    const details = await Promise.all([1, 2, 3].map((round) => server.round(id, round)));
    const told3 = details.map(({ checkpoint, members }) => ({
      layers: checkpoint?.layers,
      members: members.map((m) => [m.client, m.mask, m.since, m.staleness]),
    }));
    expect(told3).toEqual(await inMemory(config));
    expect(details[1]!.members.map((m) => m.state)).toEqual(['evaluated', 'evaluated', 'working']);
    const lines = (await server.events(id)).map((e) => e.message).join('\n');
    expect(lines).toContain('Round 2 opened with 2 new participants and 1 that are still at work');
    expect(lines).toContain('Of them 1 were trained from an older model');
    expect(clients[2]!.errors).toEqual([]);
  }, 120_000);

  it('drops what is too old, with the reason, and its client gets new work', async () => {
    const gate = new Gate();
    const old: WorkOf<'train'>[] = [];
    const slow: Script['train'] = async (client, work) => {
      old.push(work);
      if (old.length > 1) return send(client, work);
      await gate.opened;
      await send(client, work);
    };
    const quick: Script['train'] = send;
    const { id, clients } = await startCrew(server, [{ train: quick }, { train: quick }, { train: slow }], {
      ...buffered(0),
      rounds: 200,
    });
    await clients[2]!.until((w) => w.kind === 'train' && w.round > 1, 'new work');
    gate.open();
    await expect.poll(() => clients[2]!.errors.length).toBe(1);
    expect(clients[2]!.errors[0]).toMatchObject({ code: 'too-stale' });
    const kinds = async () => (await server.events(id)).map((e) => e.kind);
    await expect.poll(kinds).toContain('work-dropped');
    expect(old[1]?.checkpoint.round).toBeGreaterThan(0);
    await server.command(id, 'stop');
  }, 120_000);

  it('keeps the models that somebody may still be at work on', async () => {
    const gate = new Gate();
    const slow: Script['train'] = async (client, work) => {
      await gate.opened;
      await send(client, work);
    };
    const { id, clients } = await startCrew(server, [{ train: send }, { train: send }, { train: slow }], {
      ...buffered(6),
      rounds: 6,
    });
    await committed(server, id, 5);
    const work = clients[2]!.history.find((w) => w.kind === 'train');
    if (work?.kind !== 'train') throw new Error('It was told nothing to train.');
    for (const { sha256 } of Object.values(work.checkpoint.layers))
      expect(await server.store.blobs.has(sha256)).toBe(true);
    gate.open();
    await server.until(id, (v) => v.state === 'finished', 'the end');
  }, 120_000);

  it('puts a stale update on record under the round that its participant has signed', async () => {
    const gate = new Gate();
    const key = await identityOf(await newIdentityKeys());
    const config = testConfig({
      ...buffered(3),
      rounds: 2,
      cohort: { goal: 1, minimum: 1, timing: { kind: 'buffered', atWork: 2 } },
    });
    const { id: run } = await server.createRun(config);
    const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex');
    const sign = async (round: number, update: Uint8Array<ArrayBuffer>) =>
      signatureText(await signUpdate(key, { run, round, client: 'slow', sha256: sha256(update) }));
    const slow: Script['train'] = async (client, work) => {
      await gate.opened;
      await send(client, work);
    };
    const quick: Script['train'] = (client, work) =>
      work.round === 1 ? send(client, work) : Promise.resolve();
    const clients = [
      server.client({ run, id: 'quick', config, script: { train: quick } }),
      server.client({ run, id: 'slow', config, script: { train: slow }, sign }),
    ];
    await Promise.all(clients.map((c) => c.join()));
    await server.command(run, 'start');
    await committed(server, run, 1);
    gate.open();
    await server.until(run, (v) => v.state === 'finished', 'the end');
    const file = await (await server.operator.bytes(routes.auditFile, {})).text();
    const lines = file.trimEnd().split('\n');
    expect(await checkSignedAudit(lines, sha256, isUpdateSigned)).toMatchObject({ kind: 'whole', signed: 1 });
    const entries = lines.map((line) => AuditEntry.parse(JSON.parse(line)));
    const counted = entries.filter((e) => e.kind === 'updates-counted' && e.run === run);
    expect(counted.map((e) => e.details)).toEqual([
      { round: '1', countedIn: '2', 'update slow': expect.stringMatching(/^[0-9a-f]{64} \S+/) },
    ]);
  }, 120_000);
});
