import { createHash } from 'node:crypto';
import {
  Catalog,
  decodeSafetensors,
  encodeSafetensors,
  operatorNamespace,
  RoundDetail,
  RunEvent,
  RunListItem,
  RunPublic,
  RunView,
} from '@strata/fl-core/protocol';
import { layoutFor } from '@strata/fl-core/rounds';
import { strFromU8, unzipSync } from 'fflate';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accepted, bytesOf } from '../testing/answer.ts';
import { type Crew, committed, startCrew } from '../testing/crew.ts';
import { operatorToken, TestServer, testConfig } from '../testing/server.ts';

/** The HTTP API and the dashboards' socket, over one run that has finished. */

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
const asOperator = { authorization: `Bearer ${operatorToken}` };
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('GET /blobs', () => {
  const head = () => view.checkpoint.layers.head ?? { sha256: '', bytes: 0 };

  it('serves a layer whole, immutable, with its hash as ETag', async () => {
    const answer = await get(`/blobs/${head().sha256}`);
    expect(answer.headers.get('cache-control')).toContain('immutable');
    expect(answer.headers.get('etag')).toBe(`"${head().sha256}"`);
    expect(sha256(await bytesOf(answer))).toBe(head().sha256);
    const again = await get(`/blobs/${head().sha256}`, { 'if-none-match': `"${head().sha256}"` });
    expect(again.status).toBe(304);
  });

  it('serves ranges that add up to the whole', async () => {
    const { sha256: hash, bytes } = head();
    const first = await get(`/blobs/${hash}`, { range: 'bytes=0-99' });
    const rest = await get(`/blobs/${hash}`, { range: 'bytes=100-' });
    expect([first.status, rest.status]).toEqual([206, 206]);
    expect(first.headers.get('content-range')).toBe(`bytes 0-99/${bytes}`);
    expect(sha256(new Uint8Array([...(await bytesOf(first)), ...(await bytesOf(rest))]))).toBe(hash);
    expect((await get(`/blobs/${hash}`, { range: `bytes=${bytes}-` })).status).toBe(416);
  });

  it('refuses what is no blob', async () => {
    expect((await get(`/blobs/${'0'.repeat(64)}`)).status).toBe(404);
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
        await bytesOf(await get(`/blobs/${hash}`, { 'x-strata-client': `${id}/${client.id}` }));
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
  it('wants the token', async () => {
    expect((await get('/api/runs')).status).toBe(401);
    expect((await get('/api/runs', { authorization: 'Bearer guess' })).status).toBe(401);
    expect((await get('/api/runs', asOperator)).status).toBe(200);
  });

  it('answers what its schemas say', async () => {
    expect(RunView.parse(view).rounds).toHaveLength(1);
    expect(
      RunListItem.array()
        .parse(await server.api('/api/runs'))
        .map((r) => r.id),
    ).toContain(crew.id);
    const round = RoundDetail.parse(await server.round(crew.id, 1));
    expect(round.checkpoint?.layers).toEqual(view.checkpoint.layers);
    const events = RunEvent.array().parse(await server.events(crew.id));
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
    const later = await server.api<RunEvent[]>(`/api/runs/${crew.id}/events?after=${last}`);
    expect(later).toEqual(events.slice(-1));
    const catalog = Catalog.parse(await server.api('/api/catalog'));
    expect(catalog.models.map((m) => m.id)).toContain('vit-nano');
    expect(catalog.samples.length).toBeGreaterThan(0);
  });

  it('refuses a configuration that cannot be, and says what is wrong', async () => {
    const config = testConfig();
    const bad = { ...config, cohort: { ...config.cohort, minimum: 9 } };
    await expect(server.api('/api/runs', bad)).rejects.toMatchObject({ message: 'bad-config' });
    await expect(server.createRun({ ...config, side: 33 })).rejects.toMatchObject({
      cause: { code: 'bad-config', message: expect.stringContaining('33') },
    });
    await expect(server.createRun({ ...config, data: { kind: 'text', sample: null } })).rejects.toThrow(
      'bad-config',
    );
    await expect(server.api('/api/runs/none')).rejects.toThrow('unknown-run');
    await expect(server.api(`/api/runs/${crew.id}/rounds/7`)).rejects.toThrow('unknown-round');
    await expect(server.api(`/api/runs/${crew.id}/rounds/x`)).rejects.toThrow('bad-request');
    await expect(server.command(crew.id, 'explode')).rejects.toThrow('bad-request');
    await expect(server.command(crew.id, 'start')).rejects.toThrow('wrong-state');
  });

  it('hands out the checkpoint as one file whose layers have the announced hashes', async () => {
    const answer = await get(`/api/runs/${crew.id}/checkpoint.safetensors`, asOperator);
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
    const path = `/api/runs/${crew.id}/model.zip`;
    expect((await get(path)).status).toBe(401);
    const answer = await get(path, asOperator);
    expect(answer.headers.get('content-disposition')).toContain(`${crew.id}-round-1.zip`);
    const bytes = await bytesOf(answer);
    const files = unzipSync(bytes);
    expect(Object.keys(files)).toEqual([
      'README.md',
      'config.json',
      'preprocessor_config.json',
      'model.safetensors',
    ]);
    expect(JSON.parse(strFromU8(files['config.json']!))).toMatchObject({
      architectures: ['ViTForImageClassification'],
      id2label: { 0: 'a', 1: 'b', 2: 'c' },
    });
    expect(strFromU8(files['README.md']!)).toContain('accuracy 0.5000');
    const { tensors } = decodeSafetensors(files['model.safetensors']!);
    const named = new Map(tensors.map((t) => [t.name, t]));
    const whole = decodeSafetensors(
      await bytesOf(await get(`/api/runs/${crew.id}/checkpoint.safetensors`, asOperator)),
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
    const shown = await accepted<RunPublic>(await get(`/api/public/runs/${crew.id}`));
    expect(RunPublic.parse(shown)).toMatchObject({
      id: crew.id,
      state: 'finished',
      committed: 1,
      accuracy: 0.5,
    });
    expect(Object.keys(shown).sort()).toEqual(Object.keys(RunPublic.shape).sort());
    const list = await accepted<RunPublic[]>(await get('/api/public/runs'));
    expect(list.map((r) => r.id)).not.toContain(crew.id); // it is over
    expect((await get('/healthz')).status).toBe(200);
  });
});

describe("the dashboards' socket", () => {
  it('answers watch with the view, pushes changes at most 4 times a second, and events', async () => {
    const config = testConfig({ rounds: 1 });
    const { id } = await server.createRun(config);
    const socket = io(`${server.url}${operatorNamespace}`, {
      transports: ['websocket'],
      auth: { token: operatorToken },
      forceNew: true,
    });
    try {
      const pushes: { at: number; view: RunView }[] = [];
      const events: RunEvent[] = [];
      socket.on('run', (pushed: unknown) => pushes.push({ at: Date.now(), view: RunView.parse(pushed) }));
      socket.on('event', (event: unknown) => events.push(RunEvent.parse(event)));
      const ack = await socket.timeout(10_000).emitWithAck('watch', { run: id });
      expect(RunView.parse(ack.value).state).toBe('draft');
      const clients = ['a', 'b', 'c'].map((c) => server.client({ run: id, id: c, config }));
      await Promise.all(clients.map((c) => c.join()));
      await server.command(id, 'start');
      await server.until(id, (v) => v.state === 'finished', 'the end');
      await expect.poll(() => pushes.at(-1)?.view.state, { timeout: 5000 }).toBe('finished');
      const gaps = pushes.slice(1).map((p, i) => p.at - (pushes[i]?.at ?? 0));
      expect(Math.min(...gaps)).toBeGreaterThan(150);
      await expect.poll(() => events.map((e) => e.kind), { timeout: 5000 }).toContain('round-committed');
      expect(await socket.emitWithAck('watch', { run: 'none' })).toMatchObject({ ok: false });
    } finally {
      socket.disconnect();
    }
  });
});
