import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type Ack,
  type Checkpoint,
  clientChannel,
  decodeSafetensors,
  dispatch,
  type ErrorBody,
  type Evaluated,
  encodeSafetensors,
  type Handlers,
  type Hello,
  type NamedTensor,
  type Probed,
  type Progress,
  type PushEvents,
  type RequestName,
  type Route,
  type RunPublic,
  routes,
  type Standing,
  StrataError,
  UpdateMetadata,
  type UpdateReceipt,
  type Work,
} from '@strata/fl-core/protocol';
import { type DefaultEventsMap, Server as SocketServer } from 'socket.io';

export interface ReceivedUpdate {
  readonly round: number;
  readonly authorization: string;
  readonly sha256: string;
  readonly tensors: readonly NamedTensor[];
  readonly metadata: UpdateMetadata;
}

type Clients = typeof clientChannel;
/** What can be refused: requests of the channel, and the routes of the data plane. */
type Requests = RequestName<Clients> | 'update' | 'blob';

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
    readonly reasons: ErrorBody[];
    readonly progress: Progress[];
    readonly updates: ReceivedUpdate[];
    readonly blobs: string[];
  } = {
    hello: [],
    probed: [],
    evaluated: [],
    standing: [],
    reasons: [],
    progress: [],
    updates: [],
    blobs: [],
  };
  /** What the next requests of a kind are refused with, in order. */
  readonly refusals: Partial<Record<Requests, ErrorBody[]>> = {};
  /** Called after a message was taken and before it is answered: the place to change {@link work}. */
  onMessage: (kind: Requests) => void = () => {};
  /** How long the answer to an update is held back after {@link onMessage}. */
  receiptDelayMs = 0;
  /** The run as whoever asks for it by HTTP sees it; nothing is there while it is null. */
  view: RunPublic | null = null;
  readonly #blobs = new Map<string, Uint8Array<ArrayBuffer>>();
  #work: Work;
  #http: Server | null = null;
  #sockets: SocketServer<DefaultEventsMap, PushEvents<Clients>> | null = null;
  #port = 0;

  constructor(work: Work) {
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
    this.#sockets?.of(clientChannel.namespace).emit('work', work);
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

  readonly #handlers: Handlers<Clients, null> = {
    hello: async (_asker, message) => {
      this.received.hello.push(message);
      return this.#answer('hello', () => this.#work);
    },
    work: async () => this.#answer('work', () => this.#work),
    probed: async (_asker, message) => {
      this.received.probed.push(message);
      return this.#answer('probed', () => null);
    },
    evaluated: async (_asker, message) => {
      this.received.evaluated.push(message);
      return this.#answer('evaluated', () => null);
    },
    sealed: async () => {
      throw new StrataError('bad-request', 'This server plays no sealed rounds.', 'Ask for your work.');
    },
    standing: async (_asker, message) => {
      this.received.standing.push(message.want);
      if (message.want === 'leave' && message.why !== undefined) this.received.reasons.push(message.why);
      return this.#answer('standing', () => this.#work);
    },
    progress: async (_asker, message) => {
      this.received.progress.push(message);
      return null;
    },
  };

  async start(): Promise<void> {
    this.#http = createServer((request, response) => void this.#serve(request, response));
    this.#sockets = new SocketServer(this.#http, { transports: ['websocket'], serveClient: false });
    this.#sockets.of(clientChannel.namespace).on('connection', (socket) => {
      socket.onAny((event: string, message: unknown, ack: (ack: Ack<unknown>) => void) => {
        void acknowledged(() => dispatch(clientChannel, this.#handlers, null, event, message)).then(ack);
      });
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

  /** What the test wants answered. @throws what it wants refused. */
  #answer<T>(kind: Requests, value: () => T): T {
    this.onMessage(kind);
    const error = this.refusals[kind]?.shift();
    if (error !== undefined) throw StrataError.fromBody(error);
    return value();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    const blob = paramsIn(routes.blob, path)?.sha256;
    const round = paramsIn(routes.update, path)?.round;
    if (blob !== undefined) {
      this.received.blobs.push(blob);
      const answer = await acknowledged(async () => this.#answer('blob', () => this.#blobs.get(blob)));
      if (!answer.ok || answer.value === undefined) response.writeHead(404).end(JSON.stringify(answer));
      else response.writeHead(200).end(answer.value);
    } else if (round !== undefined && request.method === routes.update.method) {
      const file = await bodyOf(request);
      const receipt = this.#take(Number(round), request, file);
      const answer = await acknowledged(async () => this.#answer('update', () => receipt));
      await new Promise((resolve) => setTimeout(resolve, this.receiptDelayMs));
      response.writeHead(answer.ok ? 200 : 409).end(JSON.stringify(answer));
    } else if (this.view !== null && paramsIn(routes.publicRun, path) !== undefined) {
      response.end(JSON.stringify({ ok: true, value: this.view }));
    } else if (path === routes.knock.path) {
      response.writeHead(200).end(JSON.stringify({ ok: true, value: null }));
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
    return { sha256, bytes: file.byteLength, duplicate };
  }
}

function asRefusal(error: unknown): ErrorBody {
  if (error instanceof StrataError) return error.toBody();
  throw error;
}

/** What was done as an acknowledgement. */
const acknowledged = <T>(work: () => Promise<T>): Promise<Ack<T>> =>
  work().then(
    (value) => ({ ok: true, value }),
    (error: unknown) => ({ ok: false, error: asRefusal(error) }),
  );

/** The parameters of a path, if it is one of the route's. */
function paramsIn({ path }: Route, url: string): Record<string, string> | undefined {
  const pattern = path.replace(/:(\w+)/g, '(?<$1>[^/]+)');
  return new RegExp(`^${pattern}$`).exec(url)?.groups;
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const isPort = (address: AddressInfo | string | null): address is AddressInfo =>
  typeof address === 'object' && address !== null;
