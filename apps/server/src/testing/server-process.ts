import { type ChildProcess, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { freshDatabase, usedDataDir } from './server.ts';

const program = fileURLToPath(new URL('./child.ts', import.meta.url));

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A server in a process of its own, that can be killed and started again over the same folder and port. */
export class ServerProcess {
  readonly url: string;
  /** Null: the embedded one. */
  readonly databaseUrl: string | null;
  readonly #args: readonly string[];
  readonly #remove: () => Promise<void>;
  #child: ChildProcess | null = null;

  private constructor(
    url: string,
    databaseUrl: string | null,
    args: readonly string[],
    remove: () => Promise<void>,
  ) {
    this.url = url;
    this.databaseUrl = databaseUrl;
    this.#args = args;
    this.#remove = remove;
  }

  /** A place for it; {@link start} starts it. */
  static async place(): Promise<ServerProcess> {
    const dataDir = await usedDataDir();
    const port = await freePort();
    const database = await freshDatabase();
    const args = [program, dataDir, String(port), ...(database ? [database.url] : [])];
    return new ServerProcess(`http://127.0.0.1:${port}`, database?.url ?? null, args, async () => {
      await database?.drop();
      await rm(dataDir, { recursive: true, force: true });
    });
  }

  get runs(): boolean {
    return this.#child !== null;
  }

  /** Resolves when it can be reached. */
  async start(): Promise<void> {
    const server = spawn(process.execPath, ['--import', 'tsx', ...this.#args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child = server;
    await new Promise<void>((resolve, reject) => {
      server.stdout?.on('data', (text: Buffer) => text.includes('serving') && resolve());
      server.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    });
  }

  /** kill -9. */
  async kill(): Promise<void> {
    const server = this.#child;
    this.#child = null;
    if (server?.exitCode !== null) return;
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await ended;
  }

  async remove(): Promise<void> {
    await this.kill();
    await this.#remove();
  }
}
