import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import pg from 'pg';
import { runProcess } from '../../threads/run-process.ts';
import { startThread } from '../../threads/start-thread.ts';
import { syncDirectory } from '../sync-directory.ts';
import { EmbeddedConnection } from './connection.ts';
import { SharedSession } from './session.ts';
import type { ThreadReply, ThreadRequest } from './thread.ts';

/** PostgreSQL compiled to WebAssembly (PGlite), in a thread of its own, over a folder. */
export interface EmbeddedPostgres {
  /** A real `pg.Pool`: its connections speak the PostgreSQL protocol to the thread instead of to a socket. */
  readonly pool: pg.Pool;
  /** Resolves if the thread dies; nothing works after that. */
  readonly lost: Promise<Error>;
  close(): Promise<void>;
}

/** Connections are cheap here, but only one works at a time. */
const POOL_SIZE = 16;

/**
 * Opens (or creates) the database in `folder`. Only one process may do so at a time: hold the lock of the data
 * folder, because PGlite takes none and a second process silently destroys the data.
 */
export async function openEmbeddedPostgres(folder: string): Promise<EmbeddedPostgres> {
  if (!existsSync(join(folder, 'PG_VERSION'))) await createDatabase(folder);
  const thread = new DatabaseThread(folder);
  await thread.ready;
  const session = new SharedSession((bytes) => thread.run(bytes));
  const pool = new pg.Pool({
    max: POOL_SIZE,
    stream: () => new EmbeddedConnection(session),
    // Nothing of the environment (PGSSLMODE, PGUSER...) applies to a database inside this process.
    ssl: false,
    user: 'postgres',
    database: 'postgres',
    password: '',
  });
  thread.lost.then((error) => session.fail(error));
  return {
    pool,
    lost: thread.lost,
    async close() {
      await pool.end();
      await thread.close();
    },
  };
}

/**
 * Makes a new database in a process of its own, which takes some 600 MB for some seconds: in a thread they would stay.
 * Without V8's optimising compiler it takes less of both.
 */
async function createDatabase(folder: string): Promise<void> {
  // A start that was killed half-way through must not leave a half database under the real name.
  const fresh = `${folder}.new`;
  await rm(fresh, { recursive: true, force: true });
  await runProcess(new URL('./create-database.ts', import.meta.url), ['--liftoff-only'], [fresh]);
  await rename(fresh, folder);
  syncDirectory(dirname(folder));
}

class DatabaseThread {
  readonly ready: Promise<void>;
  readonly lost: Promise<Error>;
  readonly #worker: Worker;
  /** What the reply that is due goes to; the session sends one request at a time. */
  #due: { resolve: (reply: ThreadReply) => void; reject: (error: Error) => void } | undefined;
  #closing = false;

  constructor(folder: string) {
    this.#worker = startThread(new URL('./thread.ts', import.meta.url), { folder });
    this.lost = new Promise((resolve) => {
      this.#worker.on('error', resolve);
      this.#worker.on('exit', (code) => {
        if (!this.#closing) resolve(new Error(`the database thread ended with exit code ${code}`));
      });
    });
    this.#worker.on('message', (reply: ThreadReply) => {
      this.#due?.resolve(reply);
      this.#due = undefined;
    });
    this.lost.then((error) => this.#due?.reject(error));
    this.ready = this.#reply().then(() => {});
  }

  async run(bytes: Buffer): Promise<Buffer> {
    // A copy of its own: `bytes` may be a corner of a large buffer, all of which would be sent.
    const reply = await this.#request({ kind: 'run', bytes: new Uint8Array(bytes) });
    if (reply.kind !== 'output') throw new Error(`the database thread answered ${reply.kind}`);
    return Buffer.from(reply.bytes.buffer);
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#request({ kind: 'close' });
    await this.#worker.terminate();
  }

  #request(request: ThreadRequest): Promise<ThreadReply> {
    const reply = this.#reply();
    this.#worker.postMessage(request);
    return reply;
  }

  #reply(): Promise<ThreadReply> {
    if (this.#due) throw new Error('a request to the database thread is already under way');
    return new Promise((resolve, reject) => {
      this.#due = { resolve, reject };
    });
  }
}
