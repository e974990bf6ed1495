import { createHash } from 'node:crypto';
import {
  AuditEntry,
  auditText,
  checkSignedAudit,
  routes,
  StrataError,
  type UpdateSignature,
} from '@strata/fl-core/protocol';
import {
  type Identity,
  identityOf,
  isUpdateSigned,
  newIdentityKeys,
  signUpdate,
} from '@strata/fl-core/signing';
import { signatureText } from '@strata/fl-core/signing/messages';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clients, members } from '../store/schema.ts';
import { honest, type Script, type TestClient } from '../testing/client.ts';
import { TestServer, testConfig } from '../testing/server.ts';
import { KnownKeys } from './signatures.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterAll(() => server.close(), 60_000);

const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const newKey = async (): Promise<Identity> => identityOf(await newIdentityKeys());
/** Signs as a session does; of `round` another one where that is given. */
const signer =
  (run: string, client: string, key: () => Identity | null, round?: number) =>
  async (now: number, update: Uint8Array<ArrayBuffer>) => {
    const identity = key();
    if (identity === null) return null;
    const sent = { run, round: round ?? now, client, sha256: sha256(update) };
    return signatureText(await signUpdate(identity, sent));
  };

/** Three clients, of which `a` signs with what `key` gives at the time and does `script`, `b` signs and `c` does not. */
async function crew(rounds: number, key: () => Identity | null, script: Partial<Script>, of?: number) {
  const config = testConfig({
    rounds,
    strategy: { name: 'head-only' },
    cohort: { goal: 3, minimum: 3, quorum: 0.5, grace: { seconds: 60 } },
    deadlines: { probing: 120, training: 120, evaluating: 120 },
  });
  const { id: run } = await server.createRun(config);
  const other = await newKey();
  const signs = { a: signer(run, 'a', key, of), b: signer(run, 'b', () => other) };
  const clients = ['a', 'b', 'c'].map((id) => {
    const sign = id === 'c' ? {} : { sign: signs[id as 'a' | 'b'] };
    return server.client({ run, id, config, ...sign, ...(id === 'a' ? { script } : {}) });
  });
  await Promise.all(clients.map((c) => c.join()));
  await server.command(run, 'start');
  return { run, clients, a: clients[0]! };
}

const refusalOf = async (client: TestClient) => {
  await expect.poll(() => client.errors.length, { timeout: 60_000 }).toBeGreaterThan(0);
  return client.errors[0];
};

describe('an update that its participant has signed', () => {
  it('counts, and stands on record with key and signature, which anybody can check in the exported log', async () => {
    const key = await newKey();
    const { run } = await crew(2, () => key, {});
    await server.until(run, (v) => v.state === 'finished', 'the end', 90_000);
    const rows = await server.store.db.select().from(members).where(eq(members.run, run));
    expect(rows.filter((m) => m.client === 'a').map((m) => m.signature)).toEqual(
      [1, 2].map(() => ({ ...key.public, signature: expect.any(String) })),
    );
    const file = await (await server.operator.bytes(routes.auditFile, {})).text();
    const lines = file.trimEnd().split('\n');
    expect(await checkSignedAudit(lines, sha256, isUpdateSigned)).toMatchObject({
      kind: 'whole',
      signed: 4,
      unsigned: 2,
    });
    const entries = lines.map((line) => AuditEntry.parse(JSON.parse(line)));
    const counted = entries.filter((e) => e.kind === 'updates-counted' && e.run === run);
    expect(counted.map(({ details }) => details.round)).toEqual(['1', '2']);
    const first = rows.find((m) => m.client === 'a' && m.round === 1);
    expect(counted[0]?.details['update a']).toBe(`${first?.update} ${signatureText(first!.signature!)}`);

    // An operator who makes the whole chain anew cannot put another update in a participant's name.
    const forged = { ...counted[0]?.details, 'update a': counted[1]?.details['update a'] ?? '' };
    let previous = '0'.repeat(64);
    const anew = entries.map((entry) => {
      const details = entry === counted[0] ? forged : entry.details;
      const { hash: _, ...rest } = { ...entry, details, previous };
      previous = sha256(auditText(rest));
      return JSON.stringify({ ...rest, hash: previous });
    });
    expect(await checkSignedAudit(anew, sha256, isUpdateSigned)).toMatchObject({
      kind: 'broken',
      at: { what: expect.stringContaining('the update of a in round 1') },
    });
  }, 120_000);

  it('is refused by its code where the signature is of another round, and the model is made of the others', async () => {
    const key = await newKey();
    const { run, a } = await crew(1, () => key, {}, 7);
    expect(await refusalOf(a)).toMatchObject({ code: 'wrong-signature' });
    await a.standing('leave');
    const view = await server.until(run, (v) => v.state === 'finished', 'the end', 90_000);
    expect(view.rounds[0]).toMatchObject({ phase: 'committed', updates: 2 });
    expect((await server.events(run)).map((e) => e.kind)).toContain('update-refused');
  }, 120_000);

  it('holds its participant to that key: no other one, and none, is taken after it', async () => {
    const [first, second] = [await newKey(), await newKey()];
    let key: Identity | null = first;
    const refused: unknown[] = [];
    const train: Script['train'] = async (client, work) => {
      if (work.round === 2) {
        for (key of [second, null]) await honest.train(client, work).catch((e) => refused.push(e));
        key = first;
      }
      await honest.train(client, work);
    };
    const { run } = await crew(2, () => key, { train });
    const view = await server.until(run, (v) => v.state === 'finished', 'the end', 90_000);
    expect(refused).toMatchObject([{ code: 'wrong-key' }, { code: 'wrong-signature' }]);
    expect(view.rounds.map((r) => r.updates)).toEqual([3, 3]);
  }, 120_000);
});

describe('keys of a lot of updates', () => {
  it('are held and remembered together, each client’s its own, also for two updates of one client', async () => {
    const config = testConfig({ rounds: 1 });
    const { id: run } = await server.createRun(config);
    const ids = ['a', 'b', 'c'];
    await Promise.all(ids.map((id) => server.client({ run, id, config }).join()));
    const of = (key: string): UpdateSignature => ({ algorithm: 'ed25519', key, signature: 'x' });
    const refusal = (hold: () => void): string => {
      try {
        hold();
        return 'taken';
      } catch (error) {
        return error instanceof StrataError ? error.code : 'another error';
      }
    };
    const first = await server.store.db.transaction(async (tx) => {
      const keys = await KnownKeys.of(tx, run, ids);
      const said = [
        refusal(() => keys.hold('a', of('first of a'))),
        refusal(() => keys.hold('a', of('second of a'))),
        refusal(() => keys.hold('a', null)),
        refusal(() => keys.hold('b', of('first of b'))),
        refusal(() => keys.hold('c', null)),
      ];
      await keys.write(tx, run);
      return said;
    });
    expect(first).toEqual(['taken', 'wrong-key', 'wrong-signature', 'taken', 'taken']);
    const second = await server.store.db.transaction(async (tx) => {
      const keys = await KnownKeys.of(tx, run, ids);
      return [
        refusal(() => keys.hold('a', of('first of b'))),
        refusal(() => keys.hold('a', of('first of a'))),
        refusal(() => keys.hold('b', of('first of b'))),
        refusal(() => keys.hold('c', of('first of c'))), // not written: rolled back, or refused beside it
      ];
    });
    expect(second).toEqual(['wrong-key', 'taken', 'taken', 'taken']);
    const rows = await server.store.db.select().from(clients).where(eq(clients.run, run)).orderBy(clients.id);
    expect(rows.map((row) => row.signingKey)).toEqual([
      { algorithm: 'ed25519', key: 'first of a' },
      { algorithm: 'ed25519', key: 'first of b' },
      null,
    ]);
  }, 60_000);
});
