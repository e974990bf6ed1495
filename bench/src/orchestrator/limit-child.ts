import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * What this machine can do at most: a bare Node server that writes each body to a file, hashes it and forces it to the
 * disk before it answers. It checks nothing, counts nothing and has no database. Prints its port.
 */

const folder = await mkdtemp(join(tmpdir(), 'strata-limit-'));

async function take(body: IncomingMessage): Promise<string> {
  const path = join(folder, randomUUID());
  const file = await open(path, 'wx');
  try {
    const hash = createHash('sha256');
    for await (const chunk of body) {
      hash.update(chunk);
      await file.write(chunk);
    }
    await file.sync();
    return hash.digest('hex');
  } finally {
    await file.close();
    await rm(path);
  }
}

const server = createServer((request, response) => {
  take(request).then(
    (hash) => response.end(hash),
    (error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    },
  );
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify(server.address())}\n`);
});
process.once('SIGTERM', () => {
  rm(folder, { recursive: true, force: true }).finally(() => process.exit(0));
});
