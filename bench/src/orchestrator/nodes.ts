import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StrataError } from '@strata/fl-core/protocol';
import { ServerProcess } from '@strata/harness';
import { Usage } from './usage.ts';

export interface NodesOptions {
  readonly count: number;
  /** An empty database of PostgreSQL; empty: the embedded one, of one node. */
  readonly database: string;
}

/** The servers that are measured: one, or several that share a database and a folder of blobs. */
export class Nodes {
  readonly servers: readonly ServerProcess[];
  readonly #usages: Usage[];
  readonly #sharedDir: string | null;

  private constructor(servers: readonly ServerProcess[], sharedDir: string | null) {
    this.servers = servers;
    this.#sharedDir = sharedDir;
    this.#usages = servers.map((server) => new Usage(server.pid));
  }

  /** @throws {StrataError} `bad-config` where several would have an embedded database each. */
  static async start({ count, database }: NodesOptions): Promise<Nodes> {
    if (!Number.isInteger(count) || count < 1)
      throw new StrataError(
        'bad-config',
        `${count} nodes cannot be started.`,
        'Name a whole number of them.',
      );
    if (count > 1 && database === '') {
      throw new StrataError(
        'bad-config',
        'Several nodes share a PostgreSQL, and the embedded database is of one.',
        'Name an empty database: --database postgres://...',
      );
    }
    const sharedDir = count > 1 ? await mkdtemp(join(tmpdir(), 'strata-shared-')) : null;
    const env = {
      DATABASE_URL: database,
      CLIENT_GRACE_SECONDS: '60',
      // All participants come from this machine.
      PARTICIPANTS_PER_ADDRESS: '10000',
      ...(sharedDir === null ? {} : { SHARED_DIR: sharedDir }),
    };
    const started = await Promise.allSettled(
      Array.from({ length: count }, () => ServerProcess.start({ env })),
    );
    const servers = started.flatMap((s) => (s.status === 'fulfilled' ? [s.value] : []));
    const nodes = new Nodes(servers, sharedDir);
    const failed = started.find((s) => s.status === 'rejected');
    if (failed === undefined) return nodes;
    await nodes.dispose();
    throw failed.reason;
  }

  /** The one that the operator speaks with. */
  get first(): ServerProcess {
    const [first] = this.servers;
    if (first === undefined) throw new Error('There are no nodes.');
    return first;
  }

  /** Participants are dealt out to these. */
  get urls(): string[] {
    return this.servers.map((server) => server.url);
  }

  /** Ends all at once, and starts them again. */
  async restart(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.kill()));
    await Promise.all(this.servers.map((server) => server.restart()));
    this.#usages.splice(0, this.#usages.length, ...this.servers.map((server) => new Usage(server.pid)));
  }

  /** Memory of each now, in MB. */
  now(): Promise<number[]> {
    return Promise.all(this.#usages.map((usage) => usage.now()));
  }

  /** The most of each since {@link forget}. */
  peak(): Promise<number[]> {
    return Promise.all(this.#usages.map((usage) => usage.peak()));
  }

  async forget(): Promise<void> {
    await Promise.all(this.#usages.map((usage) => usage.forget()));
  }

  /** Of all together. */
  async processorSeconds(): Promise<number> {
    return sum(await Promise.all(this.#usages.map((usage) => usage.processorSeconds())));
  }

  async dispose(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.dispose()));
    if (this.#sharedDir !== null) await rm(this.#sharedDir, { recursive: true, force: true });
  }
}

export const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
