import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Bytes of all connections of a server since its start, WebSockets and headers included; of TLS what a proxy sends on. */
export class NetworkBytes {
  readonly #open = new Set<Socket>();
  readonly #closed = { in: 0, out: 0 };

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      this.#open.add(socket);
      socket.once('close', () => {
        this.#open.delete(socket);
        this.#closed.in += socket.bytesRead;
        this.#closed.out += socket.bytesWritten;
      });
    });
  }

  get total(): { readonly in: number; readonly out: number } {
    const total = { ...this.#closed };
    for (const { bytesRead, bytesWritten } of this.#open) {
      total.in += bytesRead;
      total.out += bytesWritten;
    }
    return total;
  }
}
