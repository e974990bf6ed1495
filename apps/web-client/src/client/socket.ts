import {
  type Ack,
  type ClientAuth,
  type ClientToServer,
  clientNamespace,
  ErrorBody,
  RunPublic,
  type ServerToClient,
  StrataError,
  Welcome,
  Work,
} from '@strata/fl-core/protocol';
import { io, type Socket } from 'socket.io-client';
import type { z } from 'zod';
import { backoffMs } from './retry.ts';
import { type ControlEvents, type ControlPlane, remedy } from './transport.ts';

/** How long the server may take to acknowledge a message. */
const ackTimeoutMs = 20_000;

/** An acknowledgement's value, or its error thrown. An answer that fits no schema counts as no answer. */
function unwrap<T>(ack: Ack<unknown>, schema: z.ZodType<T>): T {
  if (ack?.ok) return schema.parse(ack.value);
  throw StrataError.fromBody(ErrorBody.parse(ack?.error));
}

/** The control plane over Socket.IO, WebSocket only (design, 4). */
export function createSocketPlane(server: string, auth: ClientAuth): ControlPlane {
  const socket: Socket<ServerToClient, ClientToServer> = io(`${server}${clientNamespace}`, {
    transports: ['websocket'],
    auth,
    autoConnect: false,
    forceNew: true,
    reconnectionDelay: 500,
    reconnectionDelayMax: 5_000,
    randomizationFactor: 0.5,
  });
  const acknowledged = socket.timeout(ackTimeoutMs);
  let refusals = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  // Socket.IO comes back by itself after a lost connection, not after the server itself said no.
  const comeBack = () => {
    if (socket.active) return;
    clearTimeout(timer);
    timer = setTimeout(() => socket.connect(), backoffMs(refusals++));
  };

  return {
    open(events: ControlEvents) {
      socket.on('connect', () => {
        refusals = 0;
        events.connected();
      });
      socket.on('disconnect', (reason) => {
        events.disconnected();
        if (reason !== 'io client disconnect') comeBack();
      });
      socket.on('connect_error', (error: Error & { data?: unknown }) => {
        const body = ErrorBody.safeParse(error.data);
        const refusal = body.success ? StrataError.fromBody(body.data) : null;
        if (refusal !== null && remedy(refusal) === 'fatal') {
          socket.disconnect();
          events.refused(refusal);
        } else comeBack();
      });
      socket.on('work', (value) => {
        const work = Work.safeParse(value);
        if (work.success) events.work(work.data);
      });
      socket.on('run', (value) => {
        const view = RunPublic.safeParse(value);
        if (view.success) events.run(view.data);
      });
      socket.connect();
    },
    hello: async (message) => unwrap(await acknowledged.emitWithAck('hello', message), Welcome),
    work: async () => unwrap(await acknowledged.emitWithAck('work', {}), Work),
    probed: async (message) => unwrap(await acknowledged.emitWithAck('probed', message), Work),
    evaluated: async (message) => unwrap(await acknowledged.emitWithAck('evaluated', message), Work),
    standing: async (message) => unwrap(await acknowledged.emitWithAck('standing', message), Work),
    progress(message) {
      // Lost when there is no connection: the next one says the same, newer.
      if (socket.connected) socket.volatile.emit('progress', message, () => undefined);
    },
    close() {
      clearTimeout(timer);
      socket.disconnect();
    },
  };
}
