import { once } from 'node:events';
import { createServer, request as forward, type IncomingMessage, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Something that left a browser. */
export type Sent =
  | {
      readonly kind: 'request';
      readonly method: string;
      readonly path: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Buffer;
    }
  | { readonly kind: 'message'; readonly text: string };

/** Stands before a server and keeps all that comes through it on the way there: requests and WebSocket messages. */
export class RecordingProxy {
  readonly sent: Sent[] = [];
  readonly #target: URL;
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((incoming, outgoing) => {
      const onward = forward(
        { ...this.#address, method: incoming.method, path: incoming.url, headers: incoming.headers },
        (answer) => {
          outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
          answer.pipe(outgoing);
        },
      );
      onward.on('error', () => outgoing.destroy());
      incoming.pipe(onward);
      void this.#keep(incoming);
    });
    this.#server.on('upgrade', (incoming, socket, head) => this.#upgrade(incoming, socket, head));
  }

  static async start(target: string): Promise<RecordingProxy> {
    const proxy = new RecordingProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
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

  get #address() {
    return { host: this.#target.hostname, port: Number(this.#target.port) };
  }

  async #keep(incoming: IncomingMessage): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    this.#record(incoming, Buffer.concat(chunks));
  }

  #record({ method = '', url = '', headers }: IncomingMessage, body: Buffer): void {
    const plain = Object.entries(headers).map(([name, value]) => [name, String(value)]);
    this.sent.push({ kind: 'request', method, path: url, headers: Object.fromEntries(plain), body });
  }

  #upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#record(incoming, Buffer.alloc(0));
    const onward: Socket = connect(this.#address);
    for (const end of [socket, onward]) this.#sockets.add(end.on('error', () => {}));
    const lines: string[] = [`${incoming.method} ${incoming.url} HTTP/1.1`];
    for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
      lines.push(`${incoming.rawHeaders[i]}: ${incoming.rawHeaders[i + 1]}`);
    }
    onward.write(`${lines.join('\r\n')}\r\n\r\n`);
    const messages = new MessageReader((text) => this.sent.push({ kind: 'message', text }));
    const pass = (chunk: Buffer) => {
      messages.read(chunk);
      onward.write(chunk);
    };
    pass(head);
    socket.on('data', pass);
    socket.on('close', () => onward.destroy());
    onward.on('close', () => socket.destroy());
    onward.pipe(socket);
  }
}

const opcodes = { continuation: 0, text: 1, binary: 2 } as const;

/** Text of a client's WebSocket messages (RFC 6455, 5.2), without extensions, which the server has turned off. */
class MessageReader {
  readonly #message: (text: string) => void;
  #bytes = Buffer.alloc(0);
  #parts: Buffer[] = [];

  constructor(message: (text: string) => void) {
    this.#message = message;
  }

  read(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    while (this.#frame());
  }

  /** Takes one frame off; false when it has not arrived in full. */
  #frame(): boolean {
    const bytes = this.#bytes;
    if (bytes.length < 2) return false;
    const [first, short] = [bytes[0]!, bytes[1]! & 0x7f];
    const start = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (bytes.length < start + 4) return false;
    const length =
      short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
    const end = start + 4 + length;
    if (bytes.length < end) return false;
    const mask = bytes.subarray(start, start + 4);
    const payload = bytes.subarray(start + 4, end).map((byte, i) => byte ^ mask[i % 4]!);
    this.#bytes = bytes.subarray(end);
    const opcode = first & 0x0f;
    if (opcode > opcodes.binary) return true;
    this.#parts.push(Buffer.from(payload));
    if ((first & 0x80) !== 0) {
      this.#message(Buffer.concat(this.#parts).toString('latin1'));
      this.#parts = [];
    }
    return true;
  }
}
