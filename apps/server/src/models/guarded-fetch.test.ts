import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { guardedFetch } from './guarded-fetch.ts';
import { locateModel } from './imported-source.ts';
import { isPrivateAddress } from './private-address.ts';

/** What names mean here, beside what the system says. */
const names = new Map<string, readonly string[]>();
vi.mock('node:dns', async (original) => {
  const dns = await original<typeof import('node:dns')>();
  type Done = (error: Error | null, found: LookupAddress[]) => void;
  const lookup = (host: string, options: object, done: Done) => {
    const known = names.get(host);
    if (known)
      done(
        null,
        known.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    else Reflect.apply(dns.lookup, null, [host, options, done]);
  };
  return { ...dns, lookup };
});

let cacheDir: string;
const servers: Server[] = [];
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'strata-guard-'));
});
afterEach(async () => {
  names.clear();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  await rm(cacheDir, { recursive: true });
});

/** A server of this machine, as one of a private network would be. */
async function listening(answer: RequestListener) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, url: `http://127.0.0.1:${address.port}`, requests };
}

const closed = { privateAllowed: false, trusted: [] };
const refused = { code: 'bad-config', message: expect.stringMatching(/network/) };

describe('isPrivateAddress', () => {
  it.each([
    ...['127.0.0.1', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254', '0.0.0.0'],
    ...['100.64.0.1', '198.18.0.1', '224.0.0.1', '255.255.255.255', '::', '::1', '::ffff:8.8.8.8', 'fe80::1'],
    ...['fc00::1', 'fd12::1', 'ff02::1', '64:ff9b::7f00:1', '2002:7f00:1::', '2001::1', '2001:db8::1', 'no'],
  ])('%s is', (address) => expect(isPrivateAddress(address)).toBe(true));
  it.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1'])(
    '%s is not',
    (address) => expect(isPrivateAddress(address)).toBe(false),
  );
});

describe('an address of the server’s own network', () => {
  it.each([
    '127.0.0.1',
    'localhost',
    '2130706433',
    '0x7f000001',
    '017700000001',
    '127.1',
    '[::ffff:127.0.0.1]',
  ])('written as %s is refused, and not connected to', async (host) => {
    const { port, requests } = await listening((_, response) => response.end('secret'));
    await expect(guardedFetch(closed)(`http://${host}:${port}/`)).rejects.toMatchObject(refused);
    await expect(locateModel(`http://${host}:${port}/`, { modelsDir: null, cacheDir })).rejects.toMatchObject(
      refused,
    );
    expect(requests).toHaveLength(0);
  });

  it('that a name leads to is refused; of several, the public ones are connected to', async () => {
    const { port, requests } = await listening((_, response) => response.end('secret'));
    names.set('models.example', ['127.0.0.1', 'fd00::1']);
    await expect(guardedFetch(closed)(`http://models.example:${port}/`)).rejects.toMatchObject(refused);
    names.set('mixed.example', ['127.0.0.1', '192.0.2.1']); // documentation, not public either
    await expect(guardedFetch(closed)(`http://mixed.example:${port}/`)).rejects.toMatchObject(refused);
    expect(requests).toHaveLength(0);
  });

  it('is refused where another one redirects to it, though that may be anywhere', async () => {
    const inner = await listening((_, response) => response.end('secret'));
    const outer = await listening((_, response) =>
      response.writeHead(302, { location: `${inner.url}/latest/meta-data` }).end(),
    );
    const policy = { privateAllowed: false, trusted: [outer.url] };
    await expect(guardedFetch(policy)(outer.url)).rejects.toMatchObject(refused);
    expect([outer.requests.length, inner.requests.length]).toEqual([1, 0]);
  });

  it('is allowed by the setting; a password goes to its origin alone', async () => {
    const inner = await listening((_, response) => response.end('inner'));
    const outer = await listening((_, response) => response.writeHead(307, { location: inner.url }).end());
    const open = guardedFetch({ privateAllowed: true, trusted: [] });
    const response = await open(outer.url.replace('//', '//me:pass@'));
    expect([await response.text(), response.url, response.redirected]).toEqual([
      'inner',
      `${inner.url}/`,
      true,
    ]);
    expect(outer.requests[0]?.headers.authorization).toBe(`Basic ${btoa('me:pass')}`);
    expect(inner.requests[0]?.headers.authorization).toBeUndefined();
  });
});

describe('what arrives', () => {
  const places = () => ({ modelsDir: null, cacheDir, privateAllowed: true });

  it('compressed is refused: nobody asked for it, and it may become a thousand times as much', async () => {
    const { url, requests } = await listening((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(50 * 2 ** 20))),
    );
    await expect(locateModel(url, places())).rejects.toMatchObject({ code: 'unavailable' });
    expect(requests[0]?.headers['accept-encoding']).toBe('identity');
    expect(await readdir(cacheDir)).toEqual([]);
  });

  it.each(['config.json', 'README.md', 'preprocessor_config.json'])(
    '%s is cut off at 8 MiB while it arrives',
    async (file) => {
      let sent = 0;
      const { url } = await listening((request, response) => {
        if (request.url !== `/${file}`) {
          if (request.url === '/config.json') response.end('{"model_type":"bert"}');
          else response.writeHead(404).end();
          return;
        }
        const more = (): void => {
          while (sent < 2 ** 30 && !response.destroyed) {
            sent += 2 ** 20;
            if (!response.write(Buffer.alloc(2 ** 20, ' '))) return void response.once('drain', more);
          }
        };
        more();
      });
      await expect(locateModel(url, places())).rejects.toMatchObject({
        code: 'too-large',
        message: expect.stringMatching(/has more than 8 MiB/),
      });
      expect(sent).toBeLessThan(64 * 2 ** 20);
      expect(await readdir(cacheDir)).toEqual([]);
    },
  );

  it('a closed port, one that speaks otherwise and a server that refuses are told in the same words', async () => {
    const refusing = await listening((_, response) => response.writeHead(500).end());
    const shell = createTcp((socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n')).listen(0, '127.0.0.1');
    await once(shell, 'listening');
    const bound = shell.address();
    const ports = [1, refusing.port, typeof bound === 'object' && bound ? bound.port : 0];
    const said = await Promise.all(
      ports.map((port) =>
        locateModel(`http://127.0.0.1:${port}/m`, places()).then(
          () => 'had',
          ({ code, message }) => `${code}: ${message.replace(`:${port}/`, ':PORT/')}`,
        ),
      ),
    );
    expect(new Set(said)).toEqual(
      new Set(['unavailable: config.json of http://127.0.0.1:PORT/m/ cannot be downloaded.']),
    );
    shell.close();
  });

  it('of another kind is not quoted', async () => {
    const { url } = await listening((request, response) =>
      request.url === '/config.json' ? response.end('root:x:0:0:secret') : response.writeHead(404).end(),
    );
    const error = await locateModel(url, places()).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'bad-model', message: expect.stringContaining('it is not JSON') });
    expect(String(error)).not.toMatch(/root|secret/);
  });
});
