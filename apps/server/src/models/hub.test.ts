import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { modelAvailability } from './availability.ts';
import { deitTinyPin } from './deit-tiny-pin.ts';
import { cachedPath, fetchPinned, type HubPin } from './hub.ts';

const revision = '0123456789abcdef0123456789abcdef01234567';
const content = randomBytes(300_000);
const sha256 = createHash('sha256').update(content).digest('hex');

let cacheDir: string;
let server: Server;
let endpoint: string;
let requests: string[];

/** A Hub on this machine: one file, served with the Hub's redirect to its store. */
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'strata-hub-'));
  requests = [];
  server = createServer((request, response) => {
    requests.push(request.url ?? '');
    if (request.url === '/store') response.end(content);
    else if (request.url === `/owner/model/resolve/${revision}/model.safetensors`) {
      response.writeHead(302, { location: '/store' }).end();
    } else if (request.url?.endsWith('/cut.safetensors')) {
      response.writeHead(200, { 'content-length': content.byteLength });
      response.write(content.subarray(0, 1000), () => response.destroy());
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The test server has no port.');
  endpoint = `http://127.0.0.1:${address.port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(cacheDir, { recursive: true });
});

const pin = (changes: Partial<HubPin> = {}): HubPin => ({
  endpoint,
  repository: 'owner/model',
  revision,
  file: 'model.safetensors',
  sha256,
  ...changes,
});

describe('fetchPinned', () => {
  it('downloads the file once, however many ask for it', async () => {
    const paths = await Promise.all([fetchPinned(pin(), cacheDir), fetchPinned(pin(), cacheDir)]);
    paths.push(await fetchPinned(pin(), cacheDir));
    expect(new Set(paths)).toEqual(new Set([cachedPath(pin(), cacheDir)]));
    expect((await readFile(paths[0]!)).equals(content)).toBe(true);
    expect(requests.filter((url) => url === '/store')).toHaveLength(1);
    expect(await readdir(cacheDir)).toHaveLength(1);
  });

  it('replaces a cached file that was damaged', async () => {
    await writeFile(cachedPath(pin(), cacheDir), 'damaged');
    expect((await readFile(await fetchPinned(pin(), cacheDir))).equals(content)).toBe(true);
  });

  it('refuses bytes with another hash than the pinned one, and keeps none of them', async () => {
    const wrong = 'f'.repeat(64);
    await expect(fetchPinned(pin({ sha256: wrong }), cacheDir)).rejects.toMatchObject({
      code: 'bad-model',
      message: expect.stringContaining(sha256),
    });
    expect(await readdir(cacheDir)).toEqual([]);
  });

  it.each([
    ['a repository that is not there', { repository: 'owner/other' }, /404/],
    ['a connection that breaks', { file: 'cut.safetensors' }, /cannot be downloaded/],
    ['a Hub that is out of reach', { endpoint: 'http://127.0.0.1:1' }, /cannot be downloaded/],
  ])('says that it is unavailable: %s', async (_, changes, message) => {
    await expect(fetchPinned(pin(changes), cacheDir)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(message),
      hint: expect.stringContaining('STRATA_MODELS_DIR'),
    });
    expect(await readdir(cacheDir)).toEqual([]);
  });
});

describe('deitTinyPin', () => {
  const environment = { STRATA_DEIT_TINY_REVISION: revision, STRATA_DEIT_TINY_SHA256: sha256 };

  it('pins the Hub file by revision and hash, on a mirror if there is one', () => {
    expect(deitTinyPin({})).toBeNull();
    expect(deitTinyPin(environment)).toEqual({
      endpoint: 'https://huggingface.co',
      repository: 'timm/deit_tiny_patch16_224.fb_in1k',
      revision,
      file: 'model.safetensors',
      sha256,
    });
    expect(deitTinyPin({ ...environment, HF_ENDPOINT: 'https://mirror.example/' })?.endpoint).toBe(
      'https://mirror.example',
    );
  });

  it.each([
    ['one without the other', { STRATA_DEIT_TINY_SHA256: sha256 }],
    ['a branch for a revision', { ...environment, STRATA_DEIT_TINY_REVISION: 'main' }],
    ['a short hash', { ...environment, STRATA_DEIT_TINY_SHA256: 'abc' }],
  ])('refuses %s', (_, given) => {
    expect(() => deitTinyPin(given)).toThrow(expect.objectContaining({ code: 'bad-config' }));
  });

  it('makes the model available: for download, and ready once it is in the cache', async () => {
    const options = { modelsDir: null, cacheDir, deitTinyPin: pin() };
    expect((await modelAvailability('deit-tiny', options)).availability).toBe('download');
    await fetchPinned(pin(), cacheDir);
    expect((await modelAvailability('deit-tiny', options)).availability).toBe('ready');
  });
});
