import type { Server as HttpServer, IncomingMessage } from 'node:http';
import {
  clientChannel,
  maxHelloBytes,
  maxMessageBytes,
  operatorChannel,
  plainLine,
  StrataError,
} from '@strata/fl-core/protocol';
import type { FastifyBaseLogger } from 'fastify';
import { Server, type Socket } from 'socket.io';
import type { HasAllowance } from '../entry/allowance.ts';
import type { AddressCheck } from '../entry/own-address.ts';
import type { RemoteAddress } from '../entry/remote-address.ts';
import { textParser } from './text-parser.ts';

export interface DoorPorts extends HasAllowance {
  readonly checkAddress: AddressCheck;
  readonly remoteAddress: RemoteAddress;
  readonly log: Pick<FastifyBaseLogger, 'warn'>;
}

/** Refused origins that are logged, each once. */
const loggedRefusals = 20;

/**
 * The control plane (design, 4): WebSocket only, no compression (265 KB a socket), text alone, nothing over 1 MB, and
 * until a hello nothing over 64 kB. State is not recovered by Socket.IO: a client that comes back asks for its work (R9).
 */
export function createSockets(http: HttpServer, ports: DoorPorts): Server {
  const io = new Server(http, {
    transports: ['websocket'],
    allowUpgrades: false,
    perMessageDeflate: false,
    httpCompression: false,
    serveClient: false,
    parser: textParser,
    maxHttpBufferSize: maxHelloBytes,
    allowRequest: allowRequest(ports),
    // A socket that opens and never names a namespace.
    connectTimeout: 10_000,
    // A tab answers between two batches, and a batch takes as long as it takes on a busy phone. A closed tab is
    // noticed at once by its closed connection; only a lost network waits for this.
    pingInterval: 20_000,
    pingTimeout: 100_000,
  });
  io.engine.on('connection', (socket: Connection) => {
    const address = ports.remoteAddress(socket.request);
    // Two may have been let in at the same moment: counted here, where it is known that one is open.
    if (ports.allowance.opened(address)) socket.once('close', () => ports.allowance.closed(address));
    else socket.close();
  });
  let told = false;
  io.engine.on('connection_error', ({ req }: { readonly req?: IncomingMessage }) => {
    if (told || !lostItsUpgrade(req)) return;
    told = true;
    ports.log.warn(
      'A WebSocket arrived as a plain request: a proxy in front of this server does not pass WebSockets on, so that nobody can take part through it. nginx needs "proxy_http_version 1.1", and "Upgrade" and "Connection" among its proxy_set_header lines (docs/network.md).',
    );
  });
  const channels = [clientChannel, operatorChannel].map(({ namespace }) => namespace).join(' or ');
  io.of('/').use((_socket, next) => next(new Error(`There is nothing here; use ${channels}.`)));
  return io;
}

/** Whether a request was for a WebSocket when its page sent it. */
const lostItsUpgrade = (request: IncomingMessage | undefined): boolean =>
  request !== undefined &&
  request.headers.upgrade === undefined &&
  new URLSearchParams((request.url ?? '').split('?')[1]).get('transport') === 'websocket';

/** What is used of Engine.IO's socket. */
interface Connection {
  readonly request: IncomingMessage;
  once(event: 'close', listener: () => void): void;
  close(): void;
}

type AllowRequest = (
  request: IncomingMessage,
  done: (error: string | null | undefined, allowed: boolean) => void,
) => void;

/** Refuses pages of other sites before there is a connection; a browser tells them no reason, so that the log does. */
function allowRequest({ checkAddress, remoteAddress, allowance, log }: DoorPorts): AllowRequest {
  const logged = new Set<string>();
  return (request, done) => {
    const { headers } = request;
    try {
      checkAddress(headers);
      if (allowance.handshake(remoteAddress(request))) done(null, true);
      else done('Too many connections come from this network.', false);
    } catch (error) {
      if (!(error instanceof StrataError)) throw error;
      const from = plainLine(`${headers.origin} ${headers.host}`);
      if (!logged.has(from) && logged.size < loggedRefusals) {
        logged.add(from);
        log.warn(`A connection was refused. ${error.message} ${error.hint}`);
      }
      done(error.message, false);
    }
  };
}

/**
 * From here on a connection may send messages of the protocol's full length. `ws` has one limit for all connections, and
 * each keeps it where its messages are put together.
 */
export function allowLongMessages({ conn }: Pick<Socket, 'conn'>): void {
  const { transport } = conn;
  if ('socket' in transport && hasReceiver(transport.socket)) {
    transport.socket._receiver._maxPayload = maxMessageBytes;
  }
}

const hasReceiver = (socket: unknown): socket is { readonly _receiver: { _maxPayload: number } } =>
  hasObject(socket, '_receiver') && typeof Reflect.get(socket._receiver, '_maxPayload') === 'number';

const hasObject = <K extends string>(value: unknown, key: K): value is { readonly [P in K]: object } =>
  typeof value === 'object' && value !== null && typeof Reflect.get(value, key) === 'object';
