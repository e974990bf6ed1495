import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { errorCodes, StrataError } from '@strata/fl-core/protocol';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { temporaryFolder } from '../store/testing.ts';
import { createHttp } from './create-http.ts';

const settings = {
  logLevel: 'silent',
  uploadTimeoutSeconds: 600,
  host: '127.0.0.1',
  publicUrl: null,
  allowedOrigins: [],
  trustProxy: [],
} as const;

let folder: string;
let app: FastifyInstance;
beforeAll(async () => {
  folder = await temporaryFolder();
  await mkdir(join(folder, 'pages/assets'), { recursive: true });
  await mkdir(join(folder, 'samples/emoji'), { recursive: true });
  await mkdir(join(folder, 'samples/scripts'), { recursive: true });
  await writeFile(join(folder, 'pages/index.html'), '<meta name="csp-nonce" content="__CSP_NONCE__">');
  await writeFile(join(folder, 'pages/icon.svg'), '<svg/>');
  await writeFile(join(folder, 'pages/.strata-built'), 'hash');
  await writeFile(join(folder, 'pages/assets/main-abc123.js'), 'export {};');
  await writeFile(join(folder, 'pages/assets/main-abc123.js.br'), brotliCompressSync('export {};'));
  await writeFile(join(folder, 'pages/assets/main-abc123.js.gz'), gzipSync('export {};'));
  await writeFile(join(folder, 'samples/emoji/noto.png'), 'png');
  await writeFile(join(folder, 'samples/scripts/make.ts'), 'secret');
  await writeFile(join(folder, 'outside.txt'), 'outside');
  app = createHttp(settings, folders());
  app.get('/fails', () => {
    throw new Error('password=hunter2');
  });
  app.get<{ Params: { code: string } }>('/refuses/:code', ({ params }) => {
    const code = errorCodes.find((known) => known === params.code) ?? 'internal';
    throw new StrataError(code, 'The thing is wrong.', 'Do it right.');
  });
  app.post('/takes', async ({ body }) => ({ ok: true, value: body }));
});
afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true });
});
const folders = () => ({ pages: join(folder, 'pages'), samples: join(folder, 'samples') });

describe('pages', () => {
  test.each(['/', '/bench', '/join/a-run', '/operator', '/operator/runs/a-run'])(
    '%s is the application',
    async (url) => {
      const [first, second] = [await app.inject(url), await app.inject(url)];
      expect(first.statusCode).toBe(200);
      expect(first.headers['content-type']).toBe('text/html; charset=utf-8');
      expect(first.headers['cache-control']).toBe('no-cache');
      // The nonce in the page is the one the policy allows, and another one each time.
      const nonce = /content="([\w+/=]{24})"/.exec(first.body)?.[1];
      expect(nonce).toBeDefined();
      expect(first.headers['content-security-policy']).toContain(`'nonce-${nonce}'`);
      expect(second.body).not.toBe(first.body);
    },
  );

  test('files go out compressed to those who take it, as what they are, and a cache knows them apart', async () => {
    const url = '/assets/main-abc123.js';
    const plain = await app.inject({ url });
    const etags = new Set([plain.headers.etag]);
    expect(plain.headers['content-encoding']).toBeUndefined();
    for (const [accept, encoding, decompress] of [
      ['gzip, deflate, br, zstd', 'br', brotliDecompressSync],
      ['gzip', 'gzip', gunzipSync],
    ] as const) {
      const answer = await app.inject({ url, headers: { 'accept-encoding': accept } });
      expect(answer.headers['content-encoding']).toBe(encoding);
      expect(answer.headers['content-type']).toBe(plain.headers['content-type']);
      expect(answer.headers['cache-control']).toBe('public, max-age=31536000, immutable');
      expect(answer.headers['content-security-policy']).toBe(plain.headers['content-security-policy']);
      expect(decompress(answer.rawPayload).toString()).toBe(plain.body);
      expect(answer.headers.vary).toBe('accept-encoding');
      etags.add(answer.headers.etag);
    }
    expect(plain.headers.vary).toBe('accept-encoding');
    expect(etags.size).toBe(3);
    // No form of it is an address of its own, and one that has none goes out as it is.
    expect((await app.inject(`${url}.br`)).statusCode).toBe(404);
    const icon = await app.inject({ url: '/icon.svg', headers: { 'accept-encoding': 'br' } });
    expect([icon.statusCode, icon.headers['content-encoding'], icon.body]).toEqual([
      200,
      undefined,
      '<svg/>',
    ]);
  });

  test('the policy lets nothing inline or foreign run', async () => {
    const policy = String((await app.inject('/')).headers['content-security-policy']);
    const directives = Object.fromEntries(
      policy.split('; ').map((directive) => [directive.split(' ')[0], directive.split(' ').slice(1)]),
    );
    expect(policy).not.toContain('unsafe-inline');
    expect(policy).not.toMatch(/'unsafe-eval'/);
    expect(directives).toMatchObject({
      'default-src': ["'none'"],
      'script-src': ["'self'", "'wasm-unsafe-eval'"],
      'worker-src': ["'self'"],
      'connect-src': ["'self'"],
      'frame-ancestors': ["'none'"],
      'base-uri': ["'none'"],
    });
  });

  test('only the page of a participant may ask for the camera', async () => {
    const allowed = async (url: string) => (await app.inject(url)).headers['permissions-policy'];
    expect(await allowed('/join/a-run')).toBe('camera=(self), microphone=(), geolocation=()');
    for (const url of ['/', '/operator', '/operator/runs/a-run', '/assets/main-abc123.js']) {
      expect(await allowed(url), url).toBe('camera=(), microphone=(), geolocation=()');
    }
  });

  test('a worker may start threads from blobs, and that is all it may beyond a page', async () => {
    const policy = String((await app.inject('/assets/main-abc123.js')).headers['content-security-policy']);
    expect(policy).toContain("script-src 'self' blob: 'wasm-unsafe-eval'");
    expect(policy).toContain("worker-src 'self' blob:");
    expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'|https?:/);
  });

  test('assets are cached for ever, other files are asked for again', async () => {
    const asset = await app.inject('/assets/main-abc123.js');
    expect(asset.headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': expect.stringContaining('javascript'),
      'content-security-policy': expect.stringContaining("default-src 'none'"),
    });
    expect((await app.inject('/icon.svg')).headers['cache-control']).toBe('no-cache');
  });

  test('at an address where nothing is, a browser gets the page that says so, a program an answer to read', async () => {
    const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
    for (const url of ['/nowhere', '/joins/a-run', '/a/b.html?x#y']) {
      const answer = await app.inject({ url, headers: browser });
      expect(answer.statusCode, url).toBe(404);
      expect(answer.headers['content-type'], url).toBe('text/html; charset=utf-8');
      const nonce = /content="([\w+/=]{24})"/.exec(answer.body)?.[1];
      expect(answer.headers['content-security-policy'], url).toContain(`'nonce-${nonce}'`);
    }
    for (const request of [
      { url: '/nowhere' },
      { url: '/nowhere', headers: { accept: '*/*' } },
      { url: '/nowhere', method: 'POST', headers: browser },
      ...['/api/nowhere', '/blobs/', '/runs/a/b', '/assets/none.js', '/samples/none.png', '/socket.io'].map(
        (url) => ({ url, headers: browser }),
      ),
    ] as const) {
      const answer = await app.inject(request);
      expect(answer.statusCode, request.url).toBe(404);
      expect(answer.json(), request.url).toMatchObject({ ok: false, error: { code: 'bad-request' } });
    }
  });

  test('without built pages the server says how to build them', () => {
    expect(() => createHttp(settings, { ...folders(), pages: join(folder, 'none') })).toThrow(
      expect.objectContaining({ code: 'unavailable', hint: 'Start with "npm start".' }),
    );
  });
});

test('every answer isolates the origin and forbids guessing types', async () => {
  for (const url of ['/', '/assets/main-abc123.js', '/samples/emoji/noto.png', '/nowhere', '/fails']) {
    expect((await app.inject(url)).headers, url).toMatchObject({
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'cross-origin-resource-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
  }
});

test('samples are served, nothing beside them is', async () => {
  const sample = await app.inject('/samples/emoji/noto.png');
  expect([sample.statusCode, sample.headers['content-type']]).toEqual([200, 'image/png']);
  for (const url of [
    '/samples/scripts/make.ts',
    '/samples/../outside.txt',
    '/samples/%2e%2e/outside.txt',
    '/samples/..%2foutside.txt',
    '/.strata-built',
    '/index.html',
  ]) {
    const answer = await app.inject(url);
    expect(answer.statusCode, url).toBeGreaterThanOrEqual(400);
    expect(answer.statusCode, url).toBeLessThan(500);
    expect(answer.body, url).not.toMatch(/secret|outside$|hash|NONCE/);
  }
});

describe('errors are JSON', () => {
  test('an unknown route', async () => {
    const answer = await app.inject('/nowhere');
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toMatchObject({
      ok: false,
      error: { message: 'There is nothing at GET /nowhere.' },
    });
  });

  test('an unforeseen error tells nothing of itself', async () => {
    const answer = await app.inject('/fails');
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toMatchObject({ ok: false, error: { code: 'internal' } });
    expect(answer.body).not.toContain('hunter2');
  });

  test.each(errorCodes)('a refusal %s keeps its code, message and hint', async (code) => {
    const answer = await app.inject(`/refuses/${code}`);
    expect(answer.statusCode).toBeGreaterThanOrEqual(400);
    expect(answer.statusCode >= 500).toBe(['internal', 'unavailable', 'no-space'].includes(code));
    expect(answer.json()).toEqual({
      ok: false,
      error: { code, message: 'The thing is wrong.', hint: 'Do it right.' },
    });
  });

  test('a body that is too large, and one that is no JSON', async () => {
    const large = await app.inject({
      method: 'POST',
      url: '/takes',
      payload: { text: 'x'.repeat(1_000_000) },
    });
    expect([large.statusCode, large.json().error.code]).toEqual([413, 'too-large']);
    const broken = await app.inject({
      method: 'POST',
      url: '/takes',
      headers: { 'content-type': 'application/json' },
      payload: '{"a":',
    });
    expect([broken.statusCode, broken.json().error.code]).toEqual([400, 'bad-request']);
  });
});

test('a request that never arrives in full is cut off', async () => {
  const impatient = createHttp({ ...settings, uploadTimeoutSeconds: 1 }, folders());
  impatient.post('/takes', async () => ({ ok: true }));
  const url = new URL(await impatient.listen({ port: 0, host: '127.0.0.1' }));
  const socket = connect(Number(url.port), url.hostname);
  socket.write(
    'POST /takes HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{',
  );
  const [answer] = await once(socket.setEncoding('utf8'), 'data');
  expect(answer).toMatch(/^HTTP\/1.1 408 /);
  await impatient.close();
});

describe('requests that are not for this server', () => {
  const named = () => createHttp({ ...settings, publicUrl: 'https://strata.example' }, folders());

  test.each([
    ['a page under another name', 'GET', '/', { host: 'evil.example' }],
    ['an asset under another name', 'GET', '/assets/main-abc123.js', { host: 'evil.example:8080' }],
    ['nothing under another name', 'GET', '/nothing', { host: 'evil.example' }],
    ['a request of another site’s page', 'POST', '/takes', { origin: 'http://evil.example' }],
  ] as const)('%s is refused, and told where the server is', async (_what, method, url, headers) => {
    const app = named();
    const answer = await app.inject({ method, url, headers });
    expect(answer.statusCode).toBe(403);
    expect(answer.json().error).toMatchObject({
      code: 'foreign-address',
      hint: expect.stringContaining('https://strata.example'),
    });
    await app.close();
  });

  test('its own name is answered', async () => {
    const app = named();
    const headers = { host: 'strata.example', origin: 'https://strata.example' };
    expect((await app.inject({ url: '/', headers })).statusCode).toBe(200);
    await app.close();
  });
});

test('what somebody writes into an address does not reach the log', async () => {
  const lines: string[] = [];
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((line) => {
    lines.push(String(line));
    return true;
  });
  try {
    const app = createHttp({ ...settings, logLevel: 'info' }, folders());
    await app.inject('/operator?token=secret-1');
    await app.inject('/operator?t%6fken=secret-2&x=1');
    await app.inject('/nothing?token=secret-3');
    await app.close();
  } finally {
    spy.mockRestore();
  }
  expect(lines.join('')).toContain('"url":"/operator?..."');
  expect(lines.join('')).not.toMatch(/secret-/);
});
