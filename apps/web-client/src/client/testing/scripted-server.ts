import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type Ack,
  type Checkpoint,
  type ClientToServer,
  clientNamespace,
  decodeSafetensors,
  type ErrorBody,
  Evaluated,
  encodeSafetensors,
  Hello,
  type NamedTensor,
  Probed,
  type RunManifest,
  type ServerToClient,
  Standing,
  UpdateMetadata,
  type UpdateReceipt,
  type Welcome,
  type Work,
} from '@strata/fl-core/protocol';
import { Server as SocketServer } from 'socket.io';

export interface ReceivedUpdate {
  readonly round: number;
  readonly authorization: string;
  readonly sha256: string;
  readonly tensors: readonly NamedTensor[];
  readonly metadata: UpdateMetadata;
}

type Requests = 'hello' | 'work' | 'probed' | 'evaluated' | 'standing' | 'update' | 'blob';

/**
 * The server's side of both planes, on a real port, with its answers written by the test: what the client meets at
 * its boundary. What it receives is parsed with the protocol's schemas, so that a wrong message fails the test.
 */
export class ScriptedServer {
  readonly received: {
    readonly hello: Hello[];
    readonly probed: Probed[];
    readonly evaluated: Evaluated[];
    readonly standing: Standing['want'][];
    readonly updates: ReceivedUpdate[];
    readonly blobs: string[];
  } = { hello: [], probed: [], evaluated: [], standing: [], updates: [], blobs: [] };
  /** What the next requests of a kind are refused with, in order. */
  readonly refusals: Partial<Record<Requests, ErrorBody[]>> = {};
  /** Called after a message was taken and before it is answered: the place to change {@link work}. */
  onMessage: (kind: Requests) => void = () => {};
  /** How long the answer to an update is held back after {@link onMessage}. */
  receiptDelayMs = 0;
  readonly #blobs = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly #manifest: RunManifest;
  #work: Work;
  #http: Server | null = null;
  #sockets: SocketServer<ClientToServer, ServerToClient> | null = null;
  #port = 0;

  constructor(manifest: RunManifest, work: Work) {
    this.#manifest = manifest;
    this.#work = work;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get work(): Work {
    return this.#work;
  }

  /** Changes the client's work without telling it: it learns by asking or with the next acknowledgement. */
  set work(work: Work) {
    this.#work = work;
  }

  /** Changes the client's work and pushes it. */
  push(work: Work): void {
    this.#work = work;
    this.#sockets?.of(clientNamespace).emit('work', work);
  }

  /** Publishes layers and gives the checkpoint that names them. */
  publish(round: number, layers: Readonly<Record<string, readonly NamedTensor[]>>): Checkpoint {
    const entries = Object.entries(layers).map(([layer, tensors]) => {
      const file = encodeSafetensors(tensors);
      const sha256 = createHash('sha256').update(file).digest('hex');
      this.#blobs.set(sha256, file);
      return [layer, { sha256, bytes: file.byteLength }] as const;
    });
    return { round, layers: Object.fromEntries(entries) };
  }

  /** Replaces the bytes of a blob, as a broken proxy would. */
  damage(sha256: string): void {
    this.#blobs.set(sha256, Uint8Array.of(1, 2, 3));
  }

  async start(): Promise<void> {
    this.#http = createServer((request, response) => void this.#serve(request, response));
    this.#sockets = new SocketServer(this.#http, { transports: ['websocket'], serveClient: false });
    this.#sockets.of(clientNamespace).on('connection', (socket) => {
      socket.on('hello', (message, ack) => {
        this.received.hello.push(Hello.parse(message));
        ack(this.#answer<Welcome>('hello', () => ({ manifest: this.#manifest, work: this.#work })));
      });
      socket.on('work', (_message, ack) => ack(this.#answer('work', () => this.#work)));
      socket.on('probed', (message, ack) => {
        this.received.probed.push(Probed.parse(message));
        ack(this.#answer('probed', () => this.#work));
      });
      socket.on('evaluated', (message, ack) => {
        this.received.evaluated.push(Evaluated.parse(message));
        ack(this.#answer('evaluated', () => this.#work));
      });
      socket.on('standing', (message, ack) => {
        this.received.standing.push(Standing.parse(message).want);
        ack(this.#answer('standing', () => this.#work));
      });
      socket.on('progress', (_message, ack) => ack({ ok: true, value: null }));
    });
    await new Promise<void>((resolve) => this.#http?.listen(this.#port, '127.0.0.1', resolve));
    const address = this.#http.address();
    if (isPort(address)) this.#port = address.port;
  }

  /** As killed: every connection ends without a word. A later {@link start} takes the same port. */
  async stop(): Promise<void> {
    const http = this.#http;
    this.#http = null;
    http?.closeAllConnections();
    this.#sockets?.disconnectSockets(true);
    await this.#sockets?.close();
    this.#sockets = null;
  }

  #answer<T>(kind: Requests, value: () => T): Ack<T> {
    this.onMessage(kind);
    const error = this.refusals[kind]?.shift();
    return error === undefined ? { ok: true, value: value() } : { ok: false, error };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    const [, blob] = /^\/blobs\/([0-9a-f]{64})$/.exec(path) ?? [];
    const [, round] = /^\/runs\/[^/]+\/rounds\/(\d+)\/update$/.exec(path) ?? [];
    if (blob !== undefined) {
      this.received.blobs.push(blob);
      const answer = this.#answer('blob', () => this.#blobs.get(blob));
      if (!answer.ok || answer.value === undefined) response.writeHead(404).end(JSON.stringify(answer));
      else response.writeHead(200).end(answer.value);
    } else if (round !== undefined && request.method === 'PUT') {
      const file = await bodyOf(request);
      const receipt = this.#take(Number(round), request, file);
      const answer = this.#answer('update', () => receipt);
      await new Promise((resolve) => setTimeout(resolve, this.receiptDelayMs));
      response.writeHead(answer.ok ? 200 : 409).end(JSON.stringify(answer));
    } else {
      response.writeHead(404).end();
    }
  }

  #take(round: number, request: IncomingMessage, file: Uint8Array): UpdateReceipt {
    const sha256 = createHash('sha256').update(file).digest('hex');
    const duplicate = this.received.updates.some((u) => u.sha256 === sha256);
    const { tensors, metadata } = decodeSafetensors(file);
    const { authorization = '' } = request.headers;
    this.received.updates.push({
      round,
      authorization,
      sha256,
      tensors,
      metadata: UpdateMetadata.parse(metadata),
    });
    return { sha256, bytes: file.byteLength, duplicate, work: this.#work };
  }
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const isPort = (address: AddressInfo | string | null): address is AddressInfo =>
  typeof address === 'object' && address !== null;
