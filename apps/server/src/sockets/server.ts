import type { Server as HttpServer } from 'node:http';
import { clientChannel, maxMessageBytes, operatorChannel } from '@strata/fl-core/protocol';
import { Server } from 'socket.io';

/**
 * The control plane (design, 4): WebSocket only, no compression (265 KB a socket), nothing over 1 MB. State is
 * not recovered by Socket.IO: a client that comes back asks for its work (R9).
 */
export function createSockets(http: HttpServer): Server {
  const io = new Server(http, {
    transports: ['websocket'],
    allowUpgrades: false,
    perMessageDeflate: false,
    httpCompression: false,
    serveClient: false,
    maxHttpBufferSize: maxMessageBytes,
    // A socket that opens and never names a namespace.
    connectTimeout: 10_000,
    // A tab answers between two batches, and a batch takes as long as it takes on a busy phone. A closed tab is
    // noticed at once by its closed connection; only a lost network waits for this.
    pingInterval: 20_000,
    pingTimeout: 100_000,
  });
  const channels = [clientChannel, operatorChannel].map(({ namespace }) => namespace).join(' or ');
  io.of('/').use((_socket, next) => next(new Error(`There is nothing here; use ${channels}.`)));
  return io;
}
