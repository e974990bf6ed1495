import { once } from 'node:events';
import { createServer, request as forward, type IncomingMessage, type Server } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';

interface Narrow {
  /** Larger bodies are answered 413 with a page of HTML, as nginx does; absent: all pass. */
  readonly mostBytes?: number;
  /** False: a handshake goes on as a plain request, as by a proxy that nobody told of WebSockets. */
  readonly webSockets?: boolean;
}

/** A proxy in front of a server that does not let everything through. */
export class NarrowProxy {
  /** Uploads that were refused. */
  refused = 0;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #narrow: Narrow;
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();

  private constructor(target: string, narrow: Narrow) {
    const { hostname, port } = new URL(target);
    this.#target = { host: hostname, port: Number(port) };
    this.#narrow = narrow;
    this.#server = createServer((incoming, outgoing) => {
      if (Number(incoming.headers['content-length'] ?? 0) > (narrow.mostBytes ?? Number.POSITIVE_INFINITY)) {
        this.refused++;
        outgoing.writeHead(413, { 'content-type': 'text/html', connection: 'close' });
        outgoing.end('<html><title>413 Request Entity Too Large</title></html>');
        return;
      }
      const onward = forward(this.#onward(incoming, incoming.headers), (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(outgoing);
      });
      onward.on('error', () => outgoing.destroy());
      incoming.pipe(onward);
    });
    this.#server.on('upgrade', (incoming, socket, head) => this.#upgrade(incoming, socket, head));
  }

  static async start(target: string, narrow: Narrow): Promise<NarrowProxy> {
    const proxy = new NarrowProxy(target, narrow);
    await once(proxy.#server.listen(0, '127.0.0.1'), 'listening');
    return proxy;
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

  #onward({ method, url }: IncomingMessage, headers: IncomingMessage['headers']) {
    return { ...this.#target, method, path: url, headers };
  }

  #upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#sockets.add(socket.on('error', () => {}));
    if (this.#narrow.webSockets === false) {
      const { upgrade: _, connection: __, ...plain } = incoming.headers;
      const onward = forward(this.#onward(incoming, plain), (answer) => {
        answer.resume();
        socket.end(`HTTP/1.1 ${answer.statusCode} Refused\r\nConnection: close\r\n\r\n`);
      });
      onward.on('error', () => socket.destroy()).end();
      return;
    }
    const onward = connect(this.#target, () => {
      const lines = [`${incoming.method} ${incoming.url} HTTP/1.1`];
      for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
        lines.push(`${incoming.rawHeaders[i]}: ${incoming.rawHeaders[i + 1]}`);
      }
      onward.write(`${lines.join('\r\n')}\r\n\r\n`);
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    this.#sockets.add(onward.on('error', () => socket.destroy()));
    socket.on('close', () => onward.destroy());
  }
}
