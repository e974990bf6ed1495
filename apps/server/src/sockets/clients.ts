import {
  clientChannel,
  dispatch,
  type ErrorBody,
  type Handlers,
  type PushEvents,
  parseMessage,
  protocolVersion,
  StrataError,
  spreadMs,
  type Work,
} from '@strata/fl-core/protocol';
import { sameWork } from '@strata/fl-core/rounds';
import type { FastifyBaseLogger } from 'fastify';
import type { DefaultEventsMap, Namespace, Server, Socket } from 'socket.io';
import type { HasAllowance } from '../entry/allowance.ts';
import type { HasNewcomers } from '../entry/newcomers.ts';
import type { RemoteAddress } from '../entry/remote-address.ts';
import { Admission } from '../intake/admission.ts';
import type { HasAnswerLots } from '../intake/answer-lots.ts';
import { takeEvaluation, takeProbe } from '../intake/answers.ts';
import { forgetUnproven, takeStanding } from '../intake/clients.ts';
import { takeSealed } from '../intake/sealed.ts';
import type { HasLimits } from '../limits.ts';
import type { HasBackground } from '../live/background.ts';
import type { HasBus } from '../live/bus.ts';
import type { HasPresence } from '../live/presence.ts';
import { Throttle } from '../live/throttle.ts';
import type { HasSealedPhases } from '../sealed/phases.ts';
import type { HasStandings } from '../store/standings.ts';
import type { HasDb } from '../store/store.ts';
import type { HasEvents } from '../views/event-log.ts';
import type { Views } from '../views/views.ts';
import { type HasPasts, workFor, workForAll } from '../views/work-queries.ts';
import { answer, errorBody } from './answer.ts';
import { allowLongMessages } from './server.ts';

/** What a client may send is not known before it is parsed. */
interface Untrusted {
  [event: string]: (...args: unknown[]) => void;
}
type Clients = typeof clientChannel;
interface SocketData {
  run: string;
  client: string;
  introduced: boolean;
  /** Which tab or process it is of; null: it does not say. */
  tab: string | null;
  /** The work this socket was told last. */
  told: Work | null;
  /** Ends a socket that does not say hello. */
  silence?: NodeJS.Timeout;
}
type ClientNamespace = Namespace<Untrusted, PushEvents<Clients>, DefaultEventsMap, SocketData>;
type ClientSocket = Socket<Untrusted, PushEvents<Clients>, DefaultEventsMap, SocketData>;

const workPushMs = 25;
const runPushMs = 1000;

type ClientPorts = HasDb &
  HasBus &
  HasPresence &
  HasEvents &
  HasBackground &
  HasAllowance &
  HasNewcomers &
  HasSealedPhases &
  HasPasts &
  HasStandings &
  HasAnswerLots &
  HasLimits<'graceMs' | 'helloTimeoutMs' | 'clientsPerRun' | 'registrationsPerRun'> & {
    readonly log: FastifyBaseLogger;
    readonly remoteAddress: RemoteAddress;
  };

/** The training clients' namespace: authentication, messages, and pushes of work. */
export class ClientSockets {
  readonly #ports: ClientPorts;
  readonly #views: Views;
  readonly #admission: Admission;
  readonly #namespace: ClientNamespace;
  readonly #workPush: Throttle;
  readonly #runPush: Throttle;
  /** Over how long all clients were last told to come back, in milliseconds. */
  #spread = 0;
  /** Of any run, since the start. */
  #changes = 0;

  constructor(io: Server, ports: ClientPorts, views: Views) {
    this.#ports = ports;
    this.#views = views;
    this.#admission = new Admission(ports);
    const onError = (error: unknown, run: string) =>
      ports.log.error({ run, err: error }, 'push to clients failed');
    this.#workPush = new Throttle(workPushMs, (run) => this.#pushWork(run), onError);
    this.#runPush = new Throttle(runPushMs, (run) => this.#pushRun(run), onError);
    this.#namespace = io.of(clientChannel.namespace);
    this.#namespace.use((socket, next) => {
      this.#admit(socket).then(
        () => next(),
        (error: unknown) => {
          const { run, client } = clientChannel.auth.safeParse(socket.handshake.auth).data ?? {};
          const body = errorBody(error, ports.log.child({ run, client }));
          next(Object.assign(new Error(body.message), { data: body }));
        },
      );
    });
    this.#namespace.on('connection', (socket) => this.#onConnection(socket));
    ports.bus.onDismissed((run, client, why) => this.#dismiss(run, client, why));
    ports.bus.onChanged((run) => {
      this.#changes++;
      this.#workPush.touch(run);
      this.#runPush.touch(run);
    });
  }

  /** Open connections of this process. */
  get count(): number {
    return this.#namespace.sockets.size;
  }

  close(): void {
    this.#workPush.close();
    this.#runPush.close();
  }

  async #admit(socket: ClientSocket): Promise<void> {
    const auth = parseMessage(clientChannel.auth, socket.handshake.auth, 'auth');
    if (auth.protocol !== protocolVersion) {
      throw new StrataError(
        'bad-message',
        `This client speaks protocol ${auth.protocol}; the server speaks ${protocolVersion}.`,
        'Reload the page.',
      );
    }
    const address = this.#ports.remoteAddress(socket.request);
    const client = await this.#admission.register(auth, address);
    socket.data = {
      run: auth.run,
      client: auth.client,
      introduced: client.hello !== null && !client.left,
      tab: auth.tab ?? null,
      told: null,
    };
  }

  #onConnection(socket: ClientSocket): void {
    const ports = this.#ports;
    const { run, client } = socket.data;
    const log = ports.log.child({ run, client });
    void socket.join(run);
    if (socket.data.introduced) {
      allowLongMessages(socket);
      this.#speaksFor(socket);
    }
    const silence = setTimeout(() => socket.disconnect(true), ports.limits.helloTimeoutMs);
    socket.data.silence = silence.unref();
    socket.onAny((event: unknown, ...args: unknown[]) => {
      void answer(args, log, (message) => this.#handle(socket, event, message));
    });
    socket.on('disconnect', () => {
      clearTimeout(silence);
      ports.background.run('recording a disconnection', { run, client }, () => this.#onDisconnect(socket));
    });
  }

  /** Ends all connections without a word: they may come back. */
  disconnectAll(): void {
    for (const socket of [...this.#namespace.sockets.values()]) socket.disconnect(true);
  }

  /**
   * The client of this connection goes on by another one, here or at another server. Where that is of another tab, this
   * one is told so, and does not come back by itself; where it is not, or is not known, it may.
   * @param by that tab; null where it is not known.
   */
  takeOver(socket: string, by: string | null): void {
    const older = this.#namespace.sockets.get(socket);
    if (older === undefined) return;
    if (by !== null && by !== older.data.tab) older.emit('dismissed', takenOver());
    older.disconnect(true);
  }

  /** Ends the connection of a client, which is told why it should not come back; null: it may. */
  #dismiss(run: string, client: string, why: ErrorBody | null): void {
    this.#ports.presence.remove(run, client);
    // All, and not only the one that has said hello.
    for (const socket of this.#socketsOf(run, client)) {
      if (why !== null) socket.emit('dismissed', why);
      socket.disconnect(true);
    }
  }

  #socketsOf(run: string, client: string): ClientSocket[] {
    return [...this.#namespace.sockets.values()].filter(
      ({ data }) => data.run === run && data.client === client,
    );
  }

  /** From now on this socket is the client; an older one of the same client is closed. */
  #speaksFor(socket: ClientSocket): void {
    const { presence, bus } = this.#ports;
    const { run, client, tab } = socket.data;
    const older = presence.connection(run, client);
    if (older === socket.id) return;
    presence.connect(run, client, socket.id, tab);
    if (older !== null) this.takeOver(older, tab);
    bus.changed(run);
  }

  async #onDisconnect(socket: ClientSocket): Promise<void> {
    const { run, client } = socket.data;
    if (this.#ports.presence.disconnect(run, client, socket.id)) this.#ports.bus.changed(run);
    // Another connection of it may be about to say hello.
    if (this.#socketsOf(run, client).length === 0) {
      await forgetUnproven(this.#ports, run, client);
    }
  }

  async #handle(socket: ClientSocket, event: unknown, message: unknown): Promise<unknown> {
    const { allowance } = this.#ports;
    const { run, client } = socket.data;
    try {
      allowance.message(run, client);
      if (event !== 'progress') allowance.request(run, client);
    } catch (error) {
      // A flood: it goes on although it was told to wait.
      if (!allowance.refused(run, client)) socket.disconnect(true);
      throw error;
    }
    return dispatch(clientChannel, this.#handlers, socket, event, message);
  }

  readonly #handlers: Handlers<Clients, ClientSocket> = {
    hello: async (socket, hello) => {
      const { run, client, silence } = socket.data;
      clearTimeout(silence);
      allowLongMessages(socket);
      const changed = await this.#admission.sayHello(run, client, hello);
      this.#speaksFor(socket);
      if (changed) this.#ports.bus.changed(run);
      this.#tellPace(socket);
      return this.#tellWork(socket);
    },
    work: (socket) => this.#tellWork(socket),
    probed: async ({ data: { run, client } }, message) => {
      await takeProbe(this.#ports, run, client, message);
      return null;
    },
    evaluated: async ({ data: { run, client } }, message) => {
      await takeEvaluation(this.#ports, run, client, message);
      return null;
    },
    sealed: async ({ data: { run, client } }, message) => {
      await takeSealed(this.#ports, run, client, message);
      return null;
    },
    progress: async ({ data: { run, client } }, message) => {
      this.#ports.presence.setProgress(run, client, message);
      this.#ports.bus.progressed(run);
      return null;
    },
    standing: async (socket, message) => {
      const { run, client } = socket.data;
      this.#ports.allowance.standing(run, client);
      await takeStanding(this.#ports, run, client, message);
      return this.#tellWork(socket);
    },
  };

  /** Tells who has come how to come back; and all, where they have become many more or fewer since they were told. */
  #tellPace(socket: ClientSocket): void {
    const spread = spreadMs(this.count, this.#ports.limits.graceMs);
    const told = this.#spread;
    if (spread <= 1.5 * told && spread >= told / 2) {
      socket.emit('pace', { spreadMs: spread });
      return;
    }
    this.#spread = spread;
    this.#namespace.emit('pace', { spreadMs: spread });
  }

  async #tellWork(socket: ClientSocket): Promise<Work> {
    const { run, client } = socket.data;
    const before = this.#changes;
    const work = await workFor(this.#ports, run, client);
    socket.data.told = work;
    // If something has changed while this was put together, a push may have come too early: look once more.
    if (this.#changes !== before) this.#workPush.touch(run);
    return work;
  }

  async #pushWork(run: string): Promise<void> {
    const connected = this.#ports.presence.connectedHere(run);
    if (connected.length === 0) return;
    const work = await workForAll(this.#ports, run);
    for (const client of connected) {
      const socket = this.#namespace.sockets.get(this.#ports.presence.connection(run, client) ?? '');
      const next = work.get(client);
      if (!socket || !next || (socket.data.told && sameWork(socket.data.told, next))) continue;
      socket.data.told = next;
      socket.emit('work', next);
    }
  }

  async #pushRun(run: string): Promise<void> {
    if (!this.#namespace.adapter.rooms.has(run)) return;
    this.#namespace.to(run).emit('run', await this.#views.public(run));
  }
}

const takenOver = (): ErrorBody => ({
  code: 'taken-over',
  message: 'This participant goes on from another tab or device, which came later.',
  hint: 'Nothing is lost: what it has done counts, whichever of them it was. To go on here instead, join again; the other one stops then.',
});
