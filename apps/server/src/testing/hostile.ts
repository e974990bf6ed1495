import { type Ack, ErrorBody, protocolVersion, StrataError } from '@strata/fl-core/protocol';
import { io, type Socket } from 'socket.io-client';
import { z } from 'zod';

export interface HostileOptions {
  readonly url: string;
  readonly run: string;
  readonly client: string;
  readonly key?: string;
  readonly secret?: string;
  /** Network address that it claims to come from; tests trust the proxy that would say so. */
  readonly from?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const Refusal = z.object({ data: ErrorBody });

/** A connection that does not keep to the product's manners: it says what a test wants, and does not come back. */
export class Hostile {
  readonly socket: Socket;
  readonly closed: Promise<string>;
  readonly #options: HostileOptions;

  constructor(options: HostileOptions) {
    const { url, run, client, key, secret = 'a'.repeat(64), from, headers } = options;
    this.#options = options;
    this.socket = io(`${url}/clients`, {
      transports: ['websocket'],
      autoConnect: false,
      forceNew: true,
      reconnection: false,
      auth: { protocol: protocolVersion, run, client, secret, ...(key === undefined ? {} : { key }) },
      extraHeaders: { ...headers, ...(from === undefined ? {} : { 'x-forwarded-for': from }) },
    });
    this.closed = new Promise((resolve) => {
      this.socket.io.on('close', (reason) => resolve(reason));
    });
  }

  /** The same client on another connection. */
  again(): Hostile {
    return new Hostile(this.#options);
  }

  /** Throws what the server refused it with; any other error where there was no reason. */
  connect(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.once('connect', resolve);
      this.socket.once('connect_error', (error) => {
        const refusal = Refusal.safeParse(error).data;
        reject(refusal === undefined ? error : StrataError.fromBody(refusal.data));
      });
      this.socket.connect();
    });
  }

  /** Opens the transport and no more: nothing is said, no namespace named. */
  async openTransport(): Promise<void> {
    this.socket.io.open();
    await new Promise<void>((resolve, reject) => {
      this.socket.io.once('open', resolve);
      this.socket.io.once('error', reject);
    });
  }

  /** Sends a packet as it is, text or bytes, past Socket.IO's own encoder. */
  raw(packet: string | Buffer): void {
    this.socket.io.engine.write(packet);
  }

  say(event: string, message: unknown): Promise<Ack<unknown>> {
    return this.socket.timeout(60_000).emitWithAck(event, message);
  }

  hello(more: object = {}): Promise<Ack<unknown>> {
    return this.say('hello', {
      name: this.#options.client,
      device: { backend: 'cpu', reason: 'hostile' },
      samples: 10,
      heldOut: 4,
      ...more,
    });
  }

  drop(): void {
    this.socket.disconnect();
    this.socket.io.engine?.close();
  }
}
