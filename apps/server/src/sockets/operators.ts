import { Id, operatorNamespace, type RunEvent, type RunView, StrataError } from '@strata/fl-core/protocol';
import type { FastifyBaseLogger } from 'fastify';
import type { DefaultEventsMap, Namespace, Server, Socket } from 'socket.io';
import { z } from 'zod';
import { hashSecret, sameHash } from '../intake/clients.ts';
import type { HasBus } from '../live/bus.ts';
import { Throttle } from '../live/throttle.ts';
import type { Views } from '../views/views.ts';
import { answer, parseMessage } from './answer.ts';

interface Untrusted {
  [event: string]: (...args: unknown[]) => void;
}
interface Outgoing {
  run(view: RunView): void;
  event(event: RunEvent): void;
}
type OperatorNamespace = Namespace<Untrusted, Outgoing, DefaultEventsMap, Record<string, never>>;
type OperatorSocket = Socket<Untrusted, Outgoing, DefaultEventsMap, Record<string, never>>;

const Auth = z.object({ token: z.string().max(1000) });
const Watch = z.object({ run: Id });
/** Four pushes of a run's view a second. */
const pushMs = 250;
/** Runs one dashboard may watch at once. */
const maxWatched = 20;

type OperatorPorts = HasBus & { readonly log: FastifyBaseLogger };

/** The dashboards' namespace: `watch {run}` answers the view, then `run` and `event` are pushed. */
export class OperatorSockets {
  readonly #log: FastifyBaseLogger;
  readonly #views: Views;
  readonly #namespace: OperatorNamespace;
  readonly #push: Throttle;
  /** What watchers of a run were told last, as JSON. */
  readonly #told = new Map<string, string>();

  constructor(io: Server, { bus, log }: OperatorPorts, views: Views, token: string) {
    this.#log = log;
    this.#views = views;
    this.#push = new Throttle(
      pushMs,
      (run) => this.#pushRun(run),
      (error) => log.error({ err: error }, 'push to operators failed'),
    );
    const wanted = hashSecret(token);
    this.#namespace = io.of(operatorNamespace);
    this.#namespace.use((socket, next) => {
      const auth = Auth.safeParse(socket.handshake.auth);
      if (auth.success && sameHash(hashSecret(auth.data.token), wanted)) return next();
      const error = new StrataError(
        'unauthorized',
        'The operator token is wrong.',
        'Use the printed address.',
      );
      next(Object.assign(new Error(error.message), { data: error.toBody() }));
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
    socket.onAny((event: string, ...args: unknown[]) => {
      void answer(args, this.#log, (message) => this.#handle(socket, event, message));
    });
  }

  async #handle(socket: OperatorSocket, event: string, message: unknown): Promise<RunView | null> {
    switch (event) {
      case 'watch': {
        const { run } = parseMessage(Watch, message, event);
        const view = await this.#views.run(run);
        if (socket.rooms.size > maxWatched) {
          throw new StrataError('rate-limited', 'Too many runs are watched at once.', 'Stop watching some.');
        }
        await socket.join(run);
        this.#push.touch(run);
        return view;
      }
      case 'unwatch':
        await socket.leave(parseMessage(Watch, message, event).run);
        return null;
      default:
        throw new StrataError('bad-message', `There is no event ${event.slice(0, 64)}.`, 'Reload the page.');
    }
  }

  async #pushRun(run: string): Promise<void> {
    if (!this.#namespace.adapter.rooms.has(run)) {
      this.#told.delete(run);
      return;
    }
    const view = await this.#views.run(run);
    const json = JSON.stringify(view);
    if (this.#told.get(run) === json) return;
    this.#told.set(run, json);
    this.#namespace.to(run).emit('run', view);
  }
}
