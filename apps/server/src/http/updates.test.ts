import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { encodeSafetensors } from '@strata/fl-core/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCrew } from '../testing/crew.ts';
import { TestServer } from '../testing/server.ts';

/** A machine that does much else. */
const patient = { timeout: 20_000 };

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterAll(() => server.close(), 60_000);

it('a member has one upload under way: a newer one ends the older, whose file goes', async () => {
  const { id: run, clients } = await startCrew(server, [{ train: async () => {} }, {}, {}], { rounds: 1 });
  const client = clients[0]!;
  const work = await client.until((w) => w.kind === 'train', 'training');
  if (work.kind !== 'train') throw new Error('not training');
  const update = encodeSafetensors(client.delta(work), { samples: '10', loss: '1.5' });

  /** An upload that lacks its last byte; resolves with how it ended. */
  const held = () => {
    let ended = false;
    const outgoing = request(`${server.url}/runs/${run}/rounds/1/update`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${client.id}.${client.secret}`,
        'content-type': 'application/octet-stream',
        'content-length': update.byteLength,
      },
    });
    for (const event of ['error', 'close', 'response'] as const) outgoing.on(event, () => (ended = true));
    outgoing.write(update.subarray(0, -1));
    return { ended: () => ended, end: () => outgoing.destroy() };
  };
  const spooled = async () => (await readdir(join(server.dataDir, 'blobs', 'spool'))).length;
  const uploads: ReturnType<typeof held>[] = [];
  for (let i = 0; i < 5; i++) {
    uploads.push(held());
    await expect
      .poll(() => uploads.map((upload) => upload.ended()), patient)
      .toEqual([...Array(i).fill(true), false]);
    await expect.poll(spooled, patient).toBe(1);
  }
  const receipt = await client.put(1, update);
  expect(receipt).toMatchObject({ duplicate: false, bytes: update.byteLength });
  await expect.poll(() => uploads.every((upload) => upload.ended()), patient).toBe(true);
  await expect.poll(spooled, patient).toBe(0);
  await server.until(run, (v) => v.state === 'finished', 'the end');
}, 60_000);
