import { once } from 'node:events';
import {
  createServer,
  request as forward,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Stands before a server and passes all on as it is; what derives from it looks, or lets less through. */
export class FrontProxy {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();

  constructor(target: string) {
    const { hostname, port } = new URL(target);
    this.#target = { host: hostname, port: Number(port) };
    this.#server = createServer((incoming, outgoing) => this.request(incoming, outgoing));
    this.#server.on('upgrade', (incoming, socket, head) => {
      this.#sockets.add(socket.on('error', () => {}));
      this.upgrade(incoming, socket, head);
    });
  }

  async listen(): Promise<this> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return this;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('The proxy does not listen.');
    return `http://127.0.0.1:${address.port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  protected request(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const onward = this.onward(incoming, incoming.headers, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  }

  /** The same request to the server, with these headers and no body yet. */
  protected onward(
    { method, url }: IncomingMessage,
    headers: IncomingHttpHeaders,
    answered: (answer: IncomingMessage) => void,
  ) {
    return forward({ ...this.#target, method, path: url, headers }, answered);
  }

  /** `sees` hears what the browser sends over the socket. */
  protected upgrade(
    incoming: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    sees: (chunk: Buffer) => void = () => {},
  ): void {
    const onward: Socket = connect(this.#target);
    this.#sockets.add(onward.on('error', () => {}));
    const lines: string[] = [`${incoming.method} ${incoming.url} HTTP/1.1`];
    for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
      lines.push(`${incoming.rawHeaders[i]}: ${incoming.rawHeaders[i + 1]}`);
    }
    onward.write(`${lines.join('\r\n')}\r\n\r\n`);
    const pass = (chunk: Buffer) => {
      sees(chunk);
      onward.write(chunk);
    };
    pass(head);
    socket.on('data', pass);
    socket.on('close', () => onward.destroy());
    onward.on('close', () => socket.destroy());
    onward.pipe(socket);
  }
}
