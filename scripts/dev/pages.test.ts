// @module-tag long
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ViteDevServer } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pagePolicy, workerPolicy } from '../../apps/server/src/http/security.ts';
import { freePort } from '../../packages/harness/src/server.ts';
import { servePagesByVite } from './pages.ts';

describe('the pages of npm run dev', () => {
  let server: Server;
  let vite: ViteDevServer;
  let url: string;
  let cacheDir: string;
  beforeAll(async () => {
    server = createServer((request, response) => response.end(`${request.method} ${request.url}`));
    server.on('upgrade', (request, socket) => {
      socket.end(
        `HTTP/1.1 101 Switching Protocols\r\nupgrade: ${request.headers.upgrade}\r\nconnection: upgrade\r\n\r\n`,
      );
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    cacheDir = await mkdtemp(join(tmpdir(), 'strata-vite-'));
    const behind = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    vite = await servePagesByVite({ host: '127.0.0.1', port, server: behind, cacheDir });
  }, 60_000);
  afterAll(async () => {
    await vite.close();
    server.close();
    await rm(cacheDir, { recursive: true, force: true });
  });

  it.each(['/', '/bench', '/join/abc?backend=wasm', '/operator', '/operator/runs/abc'])(
    '%s comes under the policy of production with one script more',
    async (path) => {
      const answer = await fetch(url + path);
      const html = await answer.text();
      expect(html).toContain('/@vite/client');
      expect(html).not.toContain('__CSP_NONCE__');
      const nonce = /<meta name="csp-nonce" content="([^"]+)"/.exec(html)?.[1] ?? '';
      const policy = answer.headers.get('content-security-policy') ?? '';
      expect(policy.replace(`script-src 'self' 'nonce-${nonce}'`, "script-src 'self'")).toBe(
        pagePolicy(nonce),
      );
      expect(policy).not.toBe(pagePolicy(nonce));
      expect(answer.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
      expect(answer.headers.get('permissions-policy')).toContain(
        path.startsWith('/join') ? 'camera=(self)' : 'camera=()',
      );
    },
  );

  it('gives every answer another nonce', async () => {
    const policies = await Promise.all(
      [1, 2].map(async () => (await fetch(url)).headers.get('content-security-policy')),
    );
    expect(policies[0]).not.toBe(policies[1]);
  });

  it.each(['client', 'bench'])('the worker of %s has the workers’ policy', async (folder) => {
    const answer = await fetch(`${url}/src/${folder}/worker.ts?worker_file&type=module`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-security-policy')).toBe(workerPolicy);
  });

  it('passes on what is the server’s, and nothing else', async () => {
    const text = async (path: string, init?: RequestInit) => (await fetch(url + path, init)).text();
    for (const path of ['/api/runs', '/blobs/abc', '/samples/emoji/labels.json', '/healthz'])
      expect(await text(path)).toBe(`GET ${path}`);
    const body = new Uint8Array(1000);
    expect(await text('/runs/r/rounds/1/update', { method: 'PUT', body })).toBe(
      'PUT /runs/r/rounds/1/update',
    );
    expect((await fetch(`${url}/nothing`)).status).toBe(404);
  });

  it('passes on sockets', async () => {
    const upgrade = { connection: 'upgrade', upgrade: 'websocket' };
    const [response, socket] = await once(
      get(`${url}/socket.io/?EIO=4&transport=websocket`, { headers: upgrade }).end(),
      'upgrade',
    );
    expect(response.headers.upgrade).toBe('websocket');
    socket.destroy();
  });
});
