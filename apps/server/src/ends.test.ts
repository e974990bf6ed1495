// @module-tag long
import { once } from 'node:events';
import { type ClientRequest, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { addressOf, encodeSafetensors, routes } from '@strata/fl-core/protocol';
import { afterEach, expect, it } from 'vitest';
import type { Script } from './testing/client.ts';
import { startCrew } from './testing/crew.ts';
import { TestServer } from './testing/server.ts';

let server: TestServer | null = null;
afterEach(async () => {
  await server?.close();
}, 60_000);

/** A run in whose first round one update is under way: the half of it is sent. */
async function uploading(drainMs: number) {
  const here = await TestServer.start({ drainMs });
  server = here;
  let upload: ClientRequest | null = null;
  let rest: Uint8Array = new Uint8Array();
  const train: Script['train'] = async (client, work) => {
    const bytes = encodeSafetensors(client.delta(work), { samples: '10', loss: '1.5' });
    const params = { run: client.run, round: work.round };
    upload = request(`${here.url}${addressOf(routes.update, { params })}`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${client.id}.${client.secret}`,
        'content-type': 'application/octet-stream',
        'content-length': bytes.length,
      },
    });
    upload.on('error', () => {});
    upload.write(bytes.subarray(0, bytes.length / 2));
    rest = bytes.subarray(bytes.length / 2);
  };
  const { id } = await startCrew(here, [{}, {}, { train }], { rounds: 1 });
  await here.until(id, (v) => v.rounds.at(-1)?.updates === 2, 'two updates');
  await expect.poll(() => upload !== null).toBe(true);
  await sleep(200);
  return { here, upload: upload as unknown as ClientRequest, rest };
}

it('a server that is told to end says that it is not ready, and lets an upload end', async () => {
  const { here, upload, rest } = await uploading(20_000);
  const ended = here.close();
  server = null;
  const ready = await fetch(`${here.url}${routes.ready.path}`);
  expect([ready.status, await ready.json()]).toMatchObject([
    503,
    { ok: true, value: { lacks: [{ what: 'start' }] } },
  ]);
  await sleep(500);
  upload.end(rest);
  const [answer] = await once(upload, 'response');
  expect(await json(answer)).toMatchObject({ ok: true, value: { duplicate: false } });
  await ended;
}, 60_000);

it('an upload that does not end is waited for no longer than the limit', async () => {
  const { here } = await uploading(300);
  const began = performance.now();
  server = null;
  await here.close();
  expect(performance.now() - began).toBeLessThan(10_000);
}, 60_000);
