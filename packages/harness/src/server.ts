import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../..', import.meta.url));

/** Weights that the project may not commit; tests find them where their other data is. */
const modelsDir = process.env.STRATA_MODELS_DIR ?? process.env.STRATA_TEST_DATA ?? '';

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('The system gave no port.');
  return address.port;
}

export interface ServerOptions {
  /** Environment beside the harness's own; see the README's settings. */
  readonly env?: Readonly<Record<string, string>>;
  /** OPERATOR_TOKEN; null: none, as a new operator has it. A token for tests where this is left out. */
  readonly token?: string | null;
  /** Everything the server prints, line by line. */
  readonly log?: (line: string) => void;
}

/** The server as its users get it: a process of its own on a free port and a folder of its own. */
export class ServerProcess {
  readonly port: number;
  readonly url: string;
  /** Of programs; empty where the server has none. */
  readonly token: string;
  readonly #dataDir: string;
  readonly #options: ServerOptions;
  #child: ChildProcess | null = null;

  private constructor(port: number, dataDir: string, options: ServerOptions) {
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.#dataDir = dataDir;
    this.#options = options;
    this.token = options.token === undefined ? 'harness-operator-token' : (options.token ?? '');
  }

  static async start(options: ServerOptions = {}): Promise<ServerProcess> {
    const dataDir = await mkdtemp(join(tmpdir(), 'strata-'));
    const server = new ServerProcess(await freePort(), dataDir, options);
    await server.restart();
    return server;
  }

  /** Of the process that runs now. Throws when none does. */
  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error('The server does not run.');
    return this.#child.pid;
  }

  /** Starts the process again on the same port and folder; waits until it answers. */
  async restart(): Promise<void> {
    const child = spawn(process.execPath, ['apps/server/start.mjs'], {
      cwd: repository,
      env: {
        ...process.env,
        DATABASE_URL: '',
        HOST: '127.0.0.1',
        STRATA_MODELS_DIR: modelsDir,
        ...this.#options.env,
        PORT: String(this.port),
        DATA_DIR: this.#dataDir,
        OPERATOR_TOKEN: this.token,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    const lines: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        for (const line of text.split('\n').filter(Boolean)) {
          lines.push(line);
          this.#options.log?.(line);
        }
      });
    }
    const deadline = Date.now() + 180_000; // a machine that does much else
    while (Date.now() < deadline) {
      if (child.exitCode !== null)
        throw new Error(`The server ended with ${child.exitCode}:\n${lines.join('\n')}`);
      if (lines.some((line) => line.includes('Strata is running'))) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await this.kill();
    throw new Error(`The server did not answer within 180 s:\n${lines.join('\n')}`);
  }

  /** SIGKILL: what a power cut looks like. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** Ends the process and removes its folder. */
  async dispose(): Promise<void> {
    await this.kill();
    await rm(this.#dataDir, { recursive: true, force: true });
  }
}
