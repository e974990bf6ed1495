import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A way to a database that a test can cut: connections break and new ones are refused, until it is mended. */
export class Relay {
  /** The database's address, through this. */
  readonly url: string;
  readonly #port: number;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #sockets = new Set<Socket>();
  /** Ends at the database whose other ends are gone, which it does not know. */
  readonly #forsaken = new Set<Socket>();
  #server: Server;

  private constructor(target: URL, server: Server, port: number) {
    this.#target = { host: target.hostname, port: Number(target.port || 5432) };
    this.#server = server;
    this.#port = port;
    const url = new URL(target);
    url.hostname = '127.0.0.1';
    url.port = String(port);
    this.url = url.href;
    this.#serve();
  }

  static async before(url: string): Promise<Relay> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('The relay has no port.');
    return new Relay(new URL(url), server, address.port);
  }

  #serve(): void {
    this.#server.on('connection', (here) => {
      const there = connect(this.#target);
      for (const [socket, other] of [
        [here, there],
        [there, here],
      ] as const) {
        this.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          this.#sockets.delete(socket);
          if (!this.#forsaken.has(other)) other.destroy();
        });
        socket.pipe(other);
      }
    });
  }

  /** From now on the database is away. */
  async cut(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Breaks what there is on the near side alone; new connections are let through. */
  forsake(): void {
    const near = [...this.#sockets].filter((socket) => socket.localPort === this.#port);
    for (const socket of this.#sockets) if (!near.includes(socket)) this.#forsaken.add(socket);
    for (const socket of near) {
      socket.unpipe();
      socket.destroy();
    }
  }

  async mend(): Promise<void> {
    this.#server = createServer();
    this.#serve();
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async close(): Promise<void> {
    this.#forsaken.clear();
    if (this.#server.listening) await this.cut();
  }
}
