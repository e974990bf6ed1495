import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { FrontProxy } from './front-proxy.ts';

interface Narrow {
  /** Larger bodies are answered 413 with a page of HTML, as nginx does; absent: all pass. */
  readonly mostBytes?: number;
  /** False: a handshake goes on as a plain request, as by a proxy that nobody told of WebSockets. */
  readonly webSockets?: boolean;
}

/** A proxy in front of a server that does not let everything through. */
export class NarrowProxy extends FrontProxy {
  /** Uploads that were refused. */
  refused = 0;
  readonly #narrow: Narrow;

  private constructor(target: string, narrow: Narrow) {
    super(target);
    this.#narrow = narrow;
  }

  static start(target: string, narrow: Narrow): Promise<NarrowProxy> {
    return new NarrowProxy(target, narrow).listen();
  }

  protected override request(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { mostBytes = Number.POSITIVE_INFINITY } = this.#narrow;
    if (Number(incoming.headers['content-length'] ?? 0) <= mostBytes) {
      super.request(incoming, outgoing);
      return;
    }
    this.refused++;
    outgoing.writeHead(413, { 'content-type': 'text/html', connection: 'close' });
    outgoing.end('<html><title>413 Request Entity Too Large</title></html>');
  }

  protected override upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#narrow.webSockets !== false) {
      super.upgrade(incoming, socket, head);
      return;
    }
    const { upgrade: _, connection: __, ...plain } = incoming.headers;
    const onward = this.onward(incoming, plain, (answer) => {
      answer.resume();
      socket.end(`HTTP/1.1 ${answer.statusCode} Refused\r\nConnection: close\r\n\r\n`);
    });
    onward.on('error', () => socket.destroy()).end();
  }
}
