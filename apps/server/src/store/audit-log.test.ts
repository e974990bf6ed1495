import { createHash } from 'node:crypto';
import { checkAudit } from '@strata/fl-core/protocol';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { appendAudit, auditLines, newestAudit, recordAudit } from './audit-log.ts';
import type { Store } from './store.ts';
import { openTestStore } from './testing.ts';

let store: Store;
beforeAll(async () => {
  store = await openTestStore();
}, 120_000);
afterAll(() => store?.close());

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
async function check() {
  const lines: string[] = [];
  for await (const line of auditLines(store)) lines.push(line.trimEnd());
  return checkAudit(lines, sha256);
}

it('is one chain whoever adds to it at once, with what people wrote made fit for a line', async () => {
  const who = (i: number) => `a${i}\n{"seq": 1}\u0000`;
  await Promise.all(
    Array.from({ length: 30 }, (_, i) =>
      recordAudit(store, {
        who: who(i),
        kind: 'run-started',
        run: 'run-1',
        details: { name: 'x\ny', b: 'ä' },
      }),
    ),
  );
  expect(await check()).toMatchObject({
    kind: 'whole',
    entries: 30,
    head: (await newestAudit(store.db, 1)).head,
  });
  expect((await newestAudit(store.db, 1)).entries[0]?.details).toEqual({ name: 'x y', b: 'ä' });
});

it('has no entry of what was taken back', async () => {
  const before = await newestAudit(store.db, 1);
  const failing = store.db.transaction(async (tx) => {
    await appendAudit(tx, { who: 'ada', kind: 'run-stopped', run: 'run-1' });
    throw new Error('taken back');
  });
  await expect(failing).rejects.toThrow('taken back');
  expect(await newestAudit(store.db, 1)).toEqual(before);
});

it('is neither changed nor emptied by the server’s own queries; a hand that goes around that is seen', async () => {
  for (const change of [
    sql`UPDATE audit SET who = 'eve' WHERE seq = 7`,
    sql`DELETE FROM audit WHERE seq = 7`,
    sql`TRUNCATE audit`,
  ]) {
    await expect(store.db.execute(change)).rejects.toMatchObject({
      cause: expect.objectContaining({ message: expect.stringContaining('neither changed nor removed') }),
    });
  }
  await store.db.execute(sql`ALTER TABLE audit DISABLE TRIGGER audit_append_only`);
  await store.db.execute(sql`UPDATE audit SET details = '{"name": "another"}' WHERE seq = 7`);
  expect(await check()).toMatchObject({ kind: 'broken', at: { line: 7, what: 'entry 7 was changed' } });
  await store.db.execute(sql`DELETE FROM audit WHERE seq = 7`);
  expect(await check()).toMatchObject({ kind: 'broken', at: { line: 7 } });
});
