import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Bucket, openBucket } from '../store/bucket-blobs.ts';

/** Why tests on S3 are skipped, for the end of their names; empty where a server can be started. */
export const s3Lacking: string = await promisify(execFile)('python3', ['-c', 'import moto.server']).then(
  () => '',
  () => ' (skipped: no S3 server: pip install "moto[server]")',
);
if (s3Lacking !== '') console.warn(`tests on S3${s3Lacking}`);

/** An S3 server in a process of its own, with an empty bucket. */
export class S3Server {
  readonly bucket: Bucket;
  readonly #port: number;
  #process: ChildProcess;

  private constructor(port: number) {
    this.#port = port;
    this.bucket = {
      url: `http://127.0.0.1:${port}/strata`,
      region: 'eu-west-1',
      accessKey: 'key',
      secretKey: 'secret',
    };
    this.#process = this.#spawn();
  }

  #spawn(): ChildProcess {
    return spawn('python3', ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(this.#port)], {
      stdio: 'ignore',
    });
  }

  static async start(): Promise<S3Server> {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const address = probe.address();
    probe.close();
    await once(probe, 'close');
    if (address === null || typeof address === 'string') throw new Error('The system gave no port.');
    const server = new S3Server(address.port);
    for (let n = 0; n < 600; n++) {
      const made = await openBucket(server.bucket)
        .createBucket()
        .catch(() => false);
      if (made) return server;
      await sleep(100);
    }
    throw new Error('The S3 server did not start.');
  }

  /** All keys, in order. */
  async keys(): Promise<string[]> {
    const found = (await openBucket(this.bucket).listObjects()) ?? [];
    return found.map(({ Key }) => Key).sort();
  }

  /** Stands still, as a store that is away; until {@link awake}. */
  suspend(): void {
    this.#process.kill('SIGSTOP');
  }
  awake(): void {
    this.#process.kill('SIGCONT');
  }

  async close(): Promise<void> {
    const gone = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await gone;
  }
}
