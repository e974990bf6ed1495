import { Duplex } from 'node:stream';
import type { Peer, SharedSession } from './session.ts';
import { BatchReader } from './wire.ts';

/** What stands in for the TCP socket of a `pg.Client`: the same protocol, spoken to the shared session. */
export class EmbeddedConnection extends Duplex implements Peer {
  readonly #session: SharedSession;
  readonly #reader = new BatchReader();
  /** Batches run one after the other; the client may write the next one before the answer. */
  #last: Promise<void> = Promise.resolve();

  constructor(session: SharedSession) {
    super();
    this.#session = session;
    session.join(this);
  }

  receive(bytes: Buffer): void {
    if (!this.destroyed) this.push(bytes);
  }

  fail(error: Error): void {
    this.destroy(error);
  }

  // What `pg` calls on a socket.
  connect(): this {
    queueMicrotask(() => this.emit('connect'));
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#take(chunk, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error) => void): void {
    this.#take(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#session.leave(this).then(
      () => done(error),
      (failure: Error) => done(failure),
    );
  }

  #take(bytes: Buffer, done: (error?: Error) => void): void {
    try {
      for (const batch of this.#reader.read(bytes)) {
        if (batch.kind === 'terminate') {
          this.#last = this.#last.then(() => {
            this.destroy();
          });
        } else {
          this.#last = this.#last.then(() => this.#session.submit(this, batch));
        }
      }
      this.#last.catch((error: Error) => this.destroy(error));
      done();
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
