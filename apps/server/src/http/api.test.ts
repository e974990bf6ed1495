import { createHash } from 'node:crypto';
import { ChannelSocket } from '@strata/client';
import {
  addressOf,
  applyChange,
  decodeSafetensors,
  encodeSafetensors,
  joinKeyHeader,
  operatorChannel,
  type RunEvent,
  RunPublic,
  type RunView,
  routes,
  type WatchedRun,
} from '@strata/fl-core/protocol';
import { layoutFor } from '@strata/fl-core/rounds';
import { strFromU8, unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Crew, committed, startCrew } from '../testing/crew.ts';
import { operatorToken, TestServer, testConfig } from '../testing/server.ts';

/** The HTTP API and the dashboards' socket, over one run that has finished. */

const bytesOf = async (response: Response): Promise<Uint8Array> =>
  new Uint8Array(await response.arrayBuffer());

let server: TestServer;
let crew: Crew;
let view: RunView;
beforeAll(async () => {
  server = await TestServer.start();
  crew = await startCrew(server, [{}, {}, {}], { rounds: 1 });
  await committed(server, crew.id, 1);
  view = await server.until(crew.id, (v) => v.state === 'finished', 'the end');
}, 120_000);
afterAll(() => server.close(), 60_000);

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${server.url}${path}`, { headers });
const blobAt = (sha256: string) => addressOf(routes.blob, { params: { sha256 } });
const asOperator = { authorization: `Bearer ${operatorToken}` };
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('GET /blobs', () => {
  const head = () => view.checkpoint.layers.head ?? { sha256: '', bytes: 0 };

  it('serves a layer whole, immutable, with its hash as ETag', async () => {
    const answer = await get(blobAt(head().sha256));
    expect(answer.headers.get('cache-control')).toContain('immutable');
    expect(answer.headers.get('etag')).toBe(`"${head().sha256}"`);
    expect(sha256(await bytesOf(answer))).toBe(head().sha256);
    const again = await get(blobAt(head().sha256), { 'if-none-match': `"${head().sha256}"` });
    expect(again.status).toBe(304);
  });

  it('serves ranges that add up to the whole', async () => {
    const { sha256: hash, bytes } = head();
    const first = await get(blobAt(hash), { range: 'bytes=0-99' });
    const rest = await get(blobAt(hash), { range: 'bytes=100-' });
    expect([first.status, rest.status]).toEqual([206, 206]);
    expect(first.headers.get('content-range')).toBe(`bytes 0-99/${bytes}`);
    expect(sha256(new Uint8Array([...(await bytesOf(first)), ...(await bytesOf(rest))]))).toBe(hash);
    expect((await get(blobAt(hash), { range: `bytes=${bytes}-` })).status).toBe(416);
  });

  it('refuses what is no blob', async () => {
    expect((await get(blobAt('0'.repeat(64)))).status).toBe(404);
    expect((await get('/blobs/..%2f..%2fetc%2fpasswd')).status).toBe(400);
  });

  it('counts bytes for the client named in the header, in its round', async () => {
    const config = testConfig({ rounds: 1 });
    const { id } = await server.createRun(config);
    const { sha256: hash, bytes } = head();
    const fetching = {
      train: async (
        client: Crew['clients'][number],
        work: { round: number } & Parameters<typeof client.delta>[0],
      ) => {
        await bytesOf(await get(blobAt(hash), { 'x-strata-client': `${id}/${client.id}` }));
        await client.upload(work.round, client.delta(work));
      },
    };
    const clients = ['a', 'b', 'c'].map((c, i) =>
      server.client({ run: id, id: c, config, script: i === 0 ? fetching : {} }),
    );
    await Promise.all(clients.map((c) => c.join()));
    await server.command(id, 'start');
    const round = await committed(server, id, 1);
    expect(round.members.map((m) => m.bytesDown)).toEqual([bytes, 0, 0]);
    expect(round.bytesDown).toBe(bytes);
  });
});

describe('the operator API', () => {
  it('answers what its schemas say', async () => {
    expect(view.rounds).toHaveLength(1);
    expect((await server.operator.call(routes.runs, {})).map((r) => r.id)).toContain(crew.id);
    const round = await server.round(crew.id, 1);
    expect(round.checkpoint?.layers).toEqual(view.checkpoint.layers);
    const events = await server.events(crew.id);
    expect(events.map((e) => e.kind)).toEqual(
      expect.arrayContaining([
        'run-created',
        'client-joined',
        'run-start',
        'round-opened',
        'round-committed',
      ]),
    );
    const last = events.at(-2)?.id;
    const later = await server.operator.call(routes.events, {
      params: { run: crew.id },
      query: { after: last },
    });
    expect(later).toEqual(events.slice(-1));
    const catalog = await server.operator.call(routes.catalog, {});
    expect(catalog.models.map((m) => m.id)).toContain('vit-nano');
    expect(catalog.samples.length).toBeGreaterThan(0);
  });

  it('refuses a configuration that cannot be, and says what is wrong', async () => {
    const config = testConfig();
    const bad = { ...config, cohort: { ...config.cohort, minimum: 9 } };
    await expect(server.createRun(bad)).rejects.toMatchObject({ code: 'bad-config' });
    const few = { ...config.cohort, minimum: 2 };
    await expect(
      server.createRun({ ...config, purpose: { kind: 'study' }, cohort: few }),
    ).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringContaining('a study needs 3 participants or more'),
    });
    await expect(server.createRun({ ...config, side: 33 })).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringContaining('33'),
    });
    const sealing = { kind: 'sealed', atLeast: 3, samples: 100, seconds: 60 } as const;
    const aggregation = {
      ...config.aggregation,
      rule: { name: 'median' },
      weightCap: null,
      sealing,
    } as const;
    const sealed = { ...config, strategy: { name: 'top' }, aggregation } as const;
    await expect(server.createRun(sealed)).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringContaining('of a sealed round the server has their sum alone'),
    });
    const text = { ...config, data: { kind: 'text', sample: null } } as const;
    await expect(server.createRun(text)).rejects.toMatchObject({ code: 'bad-config' });
    await expect(server.view('none')).rejects.toMatchObject({ code: 'unknown-run' });
    await expect(server.round(crew.id, 7)).rejects.toMatchObject({ code: 'unknown-round' });
    await expect(server.round(crew.id, 1.5)).rejects.toMatchObject({ code: 'bad-request' });
    const explode = await fetch(
      `${server.url}${addressOf(routes.commandRun, { params: { run: crew.id } })}`,
      {
        method: routes.commandRun.method,
        headers: { ...asOperator, 'content-type': 'application/json' },
        body: JSON.stringify({ command: 'explode' }),
      },
    );
    expect(await explode.json()).toMatchObject({ ok: false, error: { code: 'bad-request' } });
    await expect(server.command(crew.id, 'start')).rejects.toMatchObject({ code: 'wrong-state' });
  });

  it('hands out the checkpoint as one file whose layers have the announced hashes', async () => {
    const answer = await server.operator.bytes(routes.checkpoint, { params: { run: crew.id } });
    const file = await bytesOf(answer);
    expect(answer.headers.get('content-length')).toBe(String(file.byteLength));
    const { tensors, metadata } = decodeSafetensors(file);
    expect(metadata).toMatchObject({ run: crew.id, round: '1', strategy: 'strata', model: 'vit-nano' });
    for (const layer of layoutFor(crew.config).layers) {
      const own = layer.tensors.flatMap(({ name }) => tensors.filter((t) => t.name === name));
      expect(sha256(encodeSafetensors(own))).toBe(view.checkpoint.layers[layer.name]?.sha256);
    }
  });

  it('hands out a zip with what transformers opens', async () => {
    const path = addressOf(routes.modelFolder, { params: { run: crew.id } });
    expect((await get(path)).status).toBe(401);
    const answer = await get(path, asOperator);
    expect(answer.headers.get('content-disposition')).toContain(`${crew.id}-round-1.zip`);
    const bytes = await bytesOf(answer);
    const files = unzipSync(bytes);
    expect(Object.keys(files)).toEqual([
      'README.md',
      'config.json',
      'preprocessor_config.json',
      'load_strata.py',
      'model.safetensors',
    ]);
    expect(strFromU8(files['load_strata.py']!)).toContain('Opens a model that Strata exported');
    expect(JSON.parse(strFromU8(files['config.json']!))).toMatchObject({
      architectures: ['ViTForImageClassification'],
      id2label: { 0: 'a', 1: 'b', 2: 'c' },
    });
    expect(strFromU8(files['README.md']!)).toContain('accuracy 0.5000');
    const { tensors } = decodeSafetensors(files['model.safetensors']!);
    const named = new Map(tensors.map((t) => [t.name, t]));
    const whole = decodeSafetensors(
      await bytesOf(await server.operator.bytes(routes.checkpoint, { params: { run: crew.id } })),
    ).tensors.find((t) => t.name === 'blocks.1.attn.qkv.weight')!;
    const parts = ['query', 'key', 'value'].map(
      (part) => named.get(`vit.encoder.layer.1.attention.attention.${part}.weight`)!,
    );
    expect(parts.map((t) => t.shape)).toEqual([
      [32, 32],
      [32, 32],
      [32, 32],
    ]);
    expect(parts.flatMap((t) => [...t.data])).toEqual([...whole.data]);
    expect(sha256(await bytesOf(await get(path, asOperator)))).toBe(sha256(bytes));
  });
});

describe('the public API', () => {
  it('shows a run to anybody who has the link, and no more than that', async () => {
    const { joinKey } = await server.view(crew.id);
    const address = addressOf(routes.publicRun, { params: { run: crew.id } });
    const answer = await get(address, { [joinKeyHeader]: joinKey });
    const Shown = z.strictObject({ ok: z.literal(true), value: RunPublic.strict() });
    expect(Shown.parse(await answer.json()).value).toMatchObject({
      id: crew.id,
      state: 'finished',
      committed: 1,
      accuracy: 0.5,
      purpose: { kind: 'test' },
      cohort: { goal: 3, minimum: 3 },
      local: { batchSize: 16, epochs: 1, warmUp: { rounds: 0, epochs: 5 } },
    });
    const list = await server.operator.call(routes.publicRuns, {});
    expect(list.map((r) => r.id)).not.toContain(crew.id); // it is over
    expect(await server.operator.call(routes.health, {})).toEqual({ status: 'alive' });
  });
});

describe("the dashboards' socket", () => {
  it('answers watch with the view, pushes changes at most 4 times a second, and events', async () => {
    const config = testConfig({ rounds: 1 });
    const { id } = await server.createRun(config);
    const socket = new ChannelSocket(operatorChannel, { server: server.url, auth: { token: operatorToken } });
    try {
      const pushes: { at: number; bytes: number }[] = [];
      let watched: WatchedRun | null = null;
      const events: RunEvent[] = [];
      await new Promise<void>((resolve, reject) => {
        socket.open({
          connected: resolve,
          disconnected: () => {},
          refused: reject,
          pushes: {
            change: (change) => {
              const next = watched && applyChange(watched, change);
              expect(next).not.toBeNull();
              if (next) watched = next;
              pushes.push({ at: Date.now(), bytes: JSON.stringify(change).length });
            },
            event: (event) => events.push(event),
          },
        });
      });
      watched = await socket.ask('watch', { run: id });
      expect(watched.view.state).toBe('draft');
      const clients = ['a', 'b', 'c'].map((c) => server.client({ run: id, id: c, config }));
      await Promise.all(clients.map((c) => c.join()));
      await server.command(id, 'start');
      await server.until(id, (v) => v.state === 'finished', 'the end');
      await expect.poll(() => watched?.view.state, { timeout: 5000 }).toBe('finished');
      // What has been put together of changes is what the server has.
      expect(watched?.view).toEqual(await server.view(id));
      expect(Math.max(...pushes.map(({ bytes }) => bytes))).toBeLessThan(
        JSON.stringify(watched?.view).length / 2,
      );
      const gaps = pushes.slice(1).map((p, i) => p.at - (pushes[i]?.at ?? 0));
      expect(Math.min(...gaps)).toBeGreaterThan(150);
      await expect.poll(() => events.map((e) => e.kind), { timeout: 5000 }).toContain('round-committed');
      await expect(socket.ask('watch', { run: 'none' })).rejects.toMatchObject({ code: 'unknown-run' });
    } finally {
      socket.close();
    }
  });
});
