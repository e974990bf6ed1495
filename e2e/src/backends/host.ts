import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** A page that does nothing, a bundled worker, the models' fixtures and tfjs's wasm files, cross-origin isolated. */
export interface Host {
  readonly url: string;
  close(): Promise<void>;
}

/** @param entry the worker's file in this folder. */
export async function openHost(entry: `${string}.ts`): Promise<Host> {
  const scripts = await bundle(entry);
  const wasm = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    answer(path, scripts, wasm).then(
      ([type, body]) => response.writeHead(200, { ...isolation, 'content-type': type }).end(body),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, close: () => closeServer(server) };
}

const isolation = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

async function answer(
  path: string,
  scripts: ReadonlyMap<string, string>,
  wasm: string,
): Promise<[string, string | Buffer]> {
  if (path === '/') return ['text/html', '<!doctype html><title>Training backends</title>'];
  const script = scripts.get(path);
  if (script !== undefined) return ['text/javascript', script];
  const file = /^\/wasm\/([\w-]+\.wasm)$/.exec(path)?.[1];
  if (file !== undefined) return ['application/wasm', await readFile(join(wasm, file))];
  const fixture = /^\/models\/([\w-]+\/fixtures\/[\w-]+\/[\w-]+\.(json|safetensors|bin))$/.exec(path)?.[1];
  if (fixture === undefined) throw new Error(`There is no ${path}.`);
  return ['application/octet-stream', await readFile(join(fixtures, fixture))];
}

const fixtures = fileURLToPath(
  new URL('../../../packages/fl-core/src/models/architectures', import.meta.url),
);

/** The worker as `/worker.js`, and what it imports when it needs it, by path. */
async function bundle(entry: string): Promise<ReadonlyMap<string, string>> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      minify: false,
      target: 'es2022',
      lib: { entry: fileURLToPath(new URL(entry, import.meta.url)), formats: ['es'], fileName: 'worker' },
    },
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  const chunks = [built].flat().flatMap((b) => ('output' in b ? b.output : []));
  const scripts = chunks.flatMap((chunk): [string, string][] =>
    chunk.type === 'chunk' ? [[`/${chunk.fileName}`, chunk.code]] : [],
  );
  if (scripts.length === 0) throw new Error('Vite built no worker.');
  return new Map(scripts);
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
