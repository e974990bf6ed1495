import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { FrontProxy } from './front-proxy.ts';

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
export class RecordingProxy extends FrontProxy {
  readonly sent: Sent[] = [];

  static start(target: string): Promise<RecordingProxy> {
    return new RecordingProxy(target).listen();
  }

  protected override request(incoming: IncomingMessage, outgoing: ServerResponse): void {
    super.request(incoming, outgoing);
    void this.#keep(incoming);
  }

  protected override upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#record(incoming, Buffer.alloc(0));
    const messages = new MessageReader((text) => this.sent.push({ kind: 'message', text }));
    super.upgrade(incoming, socket, head, (chunk) => messages.read(chunk));
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
