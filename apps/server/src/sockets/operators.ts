import {
  changeOf,
  dispatch,
  type Handlers,
  operatorChannel,
  type PushEvents,
  StrataError,
  type WatchedRun,
} from '@strata/fl-core/protocol';
import type { FastifyBaseLogger } from 'fastify';
import type { DefaultEventsMap, Namespace, Server, Socket } from 'socket.io';
import type { OperatorGuard } from '../entry/operator-guard.ts';
import type { RemoteAddress } from '../entry/remote-address.ts';
import type { HasBus } from '../live/bus.ts';
import { Throttle } from '../live/throttle.ts';
import type { Views } from '../views/views.ts';
import { answer, errorBody } from './answer.ts';

interface Untrusted {
  [event: string]: (...args: unknown[]) => void;
}
type Operators = typeof operatorChannel;
type OperatorNamespace = Namespace<Untrusted, PushEvents<Operators>, DefaultEventsMap, Record<string, never>>;
type OperatorSocket = Socket<Untrusted, PushEvents<Operators>, DefaultEventsMap, Record<string, never>>;

/** Four pushes of what changed in a run a second. */
const pushMs = 250;
/** Runs one dashboard may watch at once. */
const maxWatched = 20;

type OperatorPorts = HasBus & {
  readonly log: FastifyBaseLogger;
  readonly guard: OperatorGuard;
  readonly remoteAddress: RemoteAddress;
};

/** The dashboards' namespace: who watches a run is pushed its changes and events. */
export class OperatorSockets {
  readonly #log: FastifyBaseLogger;
  readonly #views: Views;
  readonly #namespace: OperatorNamespace;
  readonly #push: Throttle;
  /** What all watchers of a run have been told, by run. */
  readonly #told = new Map<string, WatchedRun>();
  /** Of any run, since the start: no two views have the same. */
  #version = 0;

  constructor(io: Server, { bus, log, guard, remoteAddress }: OperatorPorts, views: Views) {
    this.#log = log;
    this.#views = views;
    this.#push = new Throttle(
      pushMs,
      (run) => this.#pushRun(run),
      (error) => log.error({ err: error }, 'push to operators failed'),
    );
    this.#namespace = io.of(operatorChannel.namespace);
    this.#namespace.use((socket, next) => {
      const auth = operatorChannel.auth.safeParse(socket.handshake.auth);
      try {
        guard.check(auth.data?.token ?? '', remoteAddress(socket.request));
        next();
      } catch (error) {
        const body = errorBody(error, log);
        next(Object.assign(new Error(body.message), { data: body }));
      }
    });
    this.#namespace.on('connection', (socket) => this.#onConnection(socket));
    bus.onChanged((run) => this.#push.touch(run));
    bus.onProgressed((run) => this.#push.touch(run));
    bus.onLogged((run, event) => this.#namespace.to(run).emit('event', event));
  }

  close(): void {
    this.#push.close();
  }

  #onConnection(socket: OperatorSocket): void {
    socket.onAny((event: unknown, ...args: unknown[]) => {
      void answer(args, this.#log, (message) =>
        dispatch(operatorChannel, this.#handlers, socket, event, message),
      );
    });
  }

  readonly #handlers: Handlers<Operators, OperatorSocket> = {
    watch: async (socket, { run }) => {
      const view = await this.#views.run(run);
      if (socket.rooms.size > maxWatched) {
        throw new StrataError('rate-limited', 'Too many runs are watched at once.', 'Stop watching some.');
      }
      await socket.join(run);
      // With whom others watch already: what they were told last, so that the next change is one of it.
      const told = this.#told.get(run) ?? { version: ++this.#version, view };
      this.#told.set(run, told);
      this.#push.touch(run);
      return told;
    },
  };

  async #pushRun(run: string): Promise<void> {
    if (!this.#namespace.adapter.rooms.has(run)) {
      this.#told.delete(run);
      return;
    }
    const view = await this.#views.run(run);
    const told = this.#told.get(run);
    if (told === undefined) return; // somebody has come, and is about to be told
    const change = changeOf(told.view, view);
    if (change === null) return;
    const version = ++this.#version;
    this.#told.set(run, { version, view });
    this.#namespace.to(run).emit('change', { run, from: told.version, to: version, ...change });
  }
}
