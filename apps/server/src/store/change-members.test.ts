import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { changeMembers } from './change-members.ts';
import { listMembers } from './rows.ts';
import { members } from './schema.ts';
import { openStore, type Store } from './store.ts';
import { temporaryFolder } from './testing.ts';

let store: Store;
let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  store = await openStore({ dataDir: folder, databaseUrl: null });
}, 120_000);
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true });
}, 60_000);

it('changes what each change names, of these members and no others, as one statement for each would', async () => {
  const { db } = store;
  const at = { run: 'r', round: 2 };
  const clients = Array.from({ length: 1203 }, (_, i) => `c${i}`);
  const blank = { samples: 10, heldOut: 4, budget: 2, left: true, trainLoss: 0.5 };
  await db.insert(members).values(clients.map((client) => ({ ...at, client, ...blank })));
  await db.insert(members).values({ run: 'r', round: 1, client: 'c0', ...blank });

  const answered = { update: 'ab'.repeat(32), updateBytes: 2 ** 40, claimed: 9, seconds: 1e-7, left: false };
  const chosen = (i: number) => ({
    mask: [`block ${i}`, 'he said “\\ \' %s"'],
    cost: 2.25,
    scores: { head: 1e300 },
  });
  const changes = [
    ...clients.slice(3).map((client, i) => [client, chosen(i + 3)] as const),
    ['c1', answered] as const,
    ['c2', { evaluation: { loss: 1, accuracy: 0.1 + 0.2, samples: 3 } }] as const,
    ['nobody', answered] as const,
    ['c0', {}] as const,
  ];
  await db.transaction((tx) => changeMembers(tx, at, changes));

  const rows = new Map((await listMembers(db, 'r', 2)).map((row) => [row.client, row]));
  expect(rows.size).toBe(clients.length);
  expect(rows.get('c0')).toMatchObject({ ...blank, mask: null, update: null });
  expect(rows.get('c1')).toMatchObject({ ...blank, ...answered, mask: null });
  expect(rows.get('c2')).toMatchObject({
    ...blank,
    evaluation: { loss: 1, accuracy: 0.1 + 0.2, samples: 3 },
  });
  for (const i of [3, 502, 503, 1202]) expect(rows.get(`c${i}`)).toMatchObject({ ...blank, ...chosen(i) });
  expect(await listMembers(db, 'r', 1)).toMatchObject([{ ...blank, mask: null, update: null }]);
}, 60_000);
