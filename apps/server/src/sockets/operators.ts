import {
  changeOf,
  dispatch,
  type Handlers,
  operatorChannel,
  type PushEvents,
  type Role,
  type RunChange,
  roleAllows,
  StrataError,
  type WatchedRun,
} from '@strata/fl-core/protocol';
import type { FastifyBaseLogger } from 'fastify';
import type { DefaultEventsMap, Namespace, Server, Socket } from 'socket.io';
import { sessionCookie } from '../entry/operators/cookie.ts';
import type { Credentials, HasDoorkeeper } from '../entry/operators/doorkeeper.ts';
import { unknownOperator } from '../entry/operators/operator.ts';
import type { RemoteAddress } from '../entry/remote-address.ts';
import type { HasBus } from '../live/bus.ts';
import { Throttle } from '../live/throttle.ts';
import { shownTo, type Views } from '../views/views.ts';
import { answer, errorBody } from './answer.ts';

interface Untrusted {
  [event: string]: (...args: unknown[]) => void;
}
type Operators = typeof operatorChannel;
interface SocketData {
  credentials: Credentials;
  role: Role;
}
type OperatorNamespace = Namespace<Untrusted, PushEvents<Operators>, DefaultEventsMap, SocketData>;
type OperatorSocket = Socket<Untrusted, PushEvents<Operators>, DefaultEventsMap, SocketData>;

/** Four pushes of what changed in a run a second. */
const pushMs = 250;
/** Runs one dashboard may watch at once. */
const maxWatched = 20;

/** How often it is asked whether who watches still may: a session or a token ends without a word. */
const askMs = 30_000;
/** Those who watch a run and may not invite to it. */
const viewersOf = (run: string): string => `${run}#viewers`;

type OperatorPorts = HasBus &
  HasDoorkeeper & {
    readonly log: FastifyBaseLogger;
    readonly remoteAddress: RemoteAddress;
  };

/** A change as viewers hear it. */
const withoutKey = (change: RunChange): RunChange =>
  change.fields.joinKey === undefined ? change : { ...change, fields: { ...change.fields, joinKey: '' } };

/** The dashboards' namespace: who watches a run is pushed its changes and events. */
export class OperatorSockets {
  readonly #log: FastifyBaseLogger;
  readonly #views: Views;
  readonly #namespace: OperatorNamespace;
  readonly #push: Throttle;
  /** What all watchers of a run have been told, by run. */
  readonly #told = new Map<string, WatchedRun>();
  readonly #doorkeeper: OperatorPorts['doorkeeper'];
  readonly #asking: NodeJS.Timeout;
  /** Of any run, since the start: no two views have the same. */
  #version = 0;

  constructor(io: Server, { bus, log, doorkeeper, remoteAddress }: OperatorPorts, views: Views) {
    this.#log = log;
    this.#doorkeeper = doorkeeper;
    this.#views = views;
    this.#push = new Throttle(
      pushMs,
      (run) => this.#pushRun(run),
      (error, run) => log.error({ run, err: error }, 'push to operators failed'),
    );
    this.#namespace = io.of(operatorChannel.namespace);
    this.#namespace.use((socket, next) => {
      // A browser sends the cookie along whatever page it is that opens a socket: `allowRequest` has looked at its origin.
      const bearer = operatorChannel.auth.safeParse(socket.handshake.auth).data?.token ?? null;
      const credentials = { bearer, cookie: sessionCookie(socket.request.headers) };
      doorkeeper.admit(credentials, 'viewer', remoteAddress(socket.request)).then(
        ({ role }) => {
          socket.data = { credentials, role };
          next();
        },
        (error: unknown) => {
          const body = errorBody(error, log);
          next(Object.assign(new Error(body.message), { data: body }));
        },
      );
    });
    this.#asking = setInterval(() => void this.#askAgain(), askMs);
    bus.onOperatorsChanged(() => void this.#askAgain());
    this.#namespace.on('connection', (socket) => this.#onConnection(socket));
    bus.onDeleted((run) => {
      this.#told.delete(run);
      // They come back, ask for the run, and hear that there is none.
      this.#namespace.in([run, viewersOf(run)]).disconnectSockets(true);
    });
    bus.onChanged((run) => this.#push.touch(run));
    bus.onProgressed((run) => this.#push.touch(run));
    bus.onLogged((run, event) => this.#namespace.to([run, viewersOf(run)]).emit('event', event));
  }

  /** Open connections of this process. */
  get count(): number {
    return this.#namespace.sockets.size;
  }

  close(): void {
    clearInterval(this.#asking);
    this.#push.close();
  }

  /** Ends the connections of those who may no longer what they could when they came; they may come again. */
  async #askAgain(): Promise<void> {
    await Promise.all([...this.#namespace.sockets.values()].map((socket) => this.#stays(socket)));
  }

  /** Whether a connection goes on; ends it if not. A database that is away ends none. */
  async #stays(socket: OperatorSocket): Promise<boolean> {
    const { credentials, role } = socket.data;
    try {
      if ((await this.#doorkeeper.find(credentials))?.role === role) return true;
    } catch (error) {
      this.#log.warn({ err: error }, 'Whether an operator may go on is not known.');
      return true;
    }
    socket.disconnect(true);
    return false;
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
      if (!(await this.#stays(socket))) throw unknownOperator();
      const view = await this.#views.run(run);
      if (socket.rooms.size > maxWatched) {
        throw new StrataError('rate-limited', 'Too many runs are watched at once.', 'Stop watching some.');
      }
      const { role } = socket.data;
      await socket.join(roleAllows(role, 'operator') ? run : viewersOf(run));
      // With whom others watch already: what they were told last, so that the next change is one of it.
      const told = this.#told.get(run) ?? { version: ++this.#version, view };
      this.#told.set(run, told);
      this.#push.touch(run);
      return { ...told, view: shownTo(role, told.view) };
    },
  };

  async #pushRun(run: string): Promise<void> {
    const { rooms } = this.#namespace.adapter;
    if (!rooms.has(run) && !rooms.has(viewersOf(run))) {
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
    const push = { run, from: told.version, to: version, ...change };
    this.#namespace.to(run).emit('change', push);
    this.#namespace.to(viewersOf(run)).emit('change', withoutKey(push));
  }
}
