import {
  type Ack,
  type Channel,
  type ComeBack,
  comeBackMs,
  ErrorBody,
  type Listeners,
  type MessageGiven,
  type PushName,
  participantRoutes,
  type ReplyTaken,
  type RequestName,
  StrataError,
} from '@strata/fl-core/protocol';
import { io, type Socket } from 'socket.io-client';
import { z } from 'zod';
import { Caller } from './caller.ts';
import { Envelope, understood } from './envelope.ts';
import { remedy } from './remedy.ts';
import { backoffMs } from './retry.ts';

/** So often a socket does not open while the same server answers otherwise, before it is said that none can. */
const mostBlocked = 3;
const knockMs = 10_000;
/** How long the server may take to acknowledge a message. */
const ackTimeoutMs = 20_000;

export interface ChannelOptions<C extends Channel> {
  /** Origin of the server; empty: the page's own. */
  readonly server: string;
  readonly auth: z.input<C['auth']>;
  /** Milliseconds before the first and the later tries to come back after a lost connection. */
  readonly comeBackMs?: { readonly least: number; readonly most: number };
}

export interface ChannelEvents<C extends Channel> {
  connected(): void;
  /** There is no connection, or none could be made. */
  disconnected(): void;
  /** The server does not let this one in, and asking again will not help. */
  refused(error: StrataError): void;
  readonly pushes: Listeners<C>;
}

/** What the server attaches to a refused connection. */
const Refusal = z.object({ data: ErrorBody });

type Requests = Record<string, (message: unknown, ack: (ack: Ack<unknown>) => void) => void>;
type Pushes = Record<string, (value: unknown) => void>;

/**
 * One connection to a {@link Channel}, WebSocket only (design, 4), that comes back by itself until it is closed or
 * refused for good. What is sent is typed by the channel, what comes in is checked against it.
 */
export class ChannelSocket<C extends Channel> {
  readonly #requests: C['requests'];
  readonly #pushes: C['pushes'];
  /** Untyped: what Socket.IO calls messages, the methods below do by the channel's types. */
  readonly #socket: Socket<Pushes, Requests>;
  readonly #caller: Caller;
  #refusals = 0;
  /** Sockets in a row that did not open although the server let this page in by other ways. */
  #blocked = 0;
  /** A closed socket is told nothing more. */
  #open = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #usual: Omit<ComeBack, 'spread'>;
  #spread = 0;
  /** To come back, since the connection was lost. */
  #tries = 0;

  constructor({ namespace, requests, pushes }: C, options: ChannelOptions<C>) {
    const { server, auth, comeBackMs: usual = { least: 500, most: 5_000 } } = options;
    this.#caller = new Caller({ server });
    this.#requests = requests;
    this.#pushes = pushes;
    this.#usual = usual;
    this.#socket = io(`${server}${namespace}`, {
      transports: ['websocket'],
      auth,
      autoConnect: false,
      forceNew: true,
      // How long each pause is, is ours to say.
      randomizationFactor: 0,
    });
    this.#socket.io.on('reconnect_attempt', () => {
      this.#tries++;
      this.#nextPause();
    });
    this.#nextPause();
  }

  get connected(): boolean {
    return this.#socket.connected;
  }

  /** Connects; after {@link close} again. */
  open(events: ChannelEvents<C>): void {
    this.#socket.off();
    this.#blocked = 0;
    this.#socket.on('connect', () => {
      this.#refusals = 0;
      this.#blocked = 0;
      this.#tries = 0;
      this.#nextPause();
      events.connected();
    });
    this.#socket.on('disconnect', (reason) => {
      events.disconnected();
      if (reason !== 'io client disconnect') this.#comeBack();
    });
    this.#socket.on('connect_error', (error) => {
      const body = Refusal.safeParse(error);
      const refusal = body.success ? StrataError.fromBody(body.data.data) : null;
      if (refusal !== null && remedy(refusal) !== 'again') {
        this.close();
        events.refused(refusal);
      } else {
        events.disconnected();
        this.#comeBack();
        if (refusal === null) void this.#lookWhy(events);
      }
    });
    for (const event in this.#pushes) this.#hear(event, events.pushes);
    this.#socket.connect();
  }

  /** The server has told over how long its clients come back (`comeBackMs` of the protocol). */
  pace(spreadMs: number): void {
    this.#spread = spreadMs;
    this.#nextPause();
  }

  /** Socket.IO waits for so long before its next try. */
  #nextPause(): void {
    const pause = comeBackMs({ ...this.#usual, spread: this.#spread }, this.#tries, Math.random());
    this.#socket.io.reconnectionDelay(pause);
    this.#socket.io.reconnectionDelayMax(pause);
  }

  close(): void {
    this.#open++;
    clearTimeout(this.#timer);
    this.#socket.disconnect();
  }

  /**
   * Sends a request and gives its answer.
   * @throws {StrataError} when the server refused, or answered what this version does not understand (`bad-message`);
   *   any other error when no answer came.
   */
  async ask<E extends RequestName<C>>(event: E, message: MessageGiven<C, E>): Promise<ReplyTaken<C, E>> {
    const ack = Envelope.safeParse(await this.#socket.timeout(ackTimeoutMs).emitWithAck(event, message));
    if (!ack.success) throw new Error(`The server did not acknowledge ${event} as it should.`);
    if (!ack.data.ok) throw StrataError.fromBody(ack.data.error);
    const request: C['requests'][E] = this.#requests[event];
    const schema: C['requests'][E]['answer'] = request.answer;
    return understood(schema, ack.data.value);
  }

  /** Best effort: lost when there is no connection, and nobody waits for the answer. */
  tell<E extends RequestName<C>>(event: E, message: MessageGiven<C, E>): void {
    if (this.#socket.connected) this.#socket.volatile.emit(event, message, () => undefined);
  }

  /** What does not fit the channel is not heard. */
  #hear<E extends PushName<C>>(event: E, listeners: Listeners<C>): void {
    const schema: C['pushes'][E] = this.#pushes[event];
    this.#socket.on<string>(event, (value: unknown) => {
      const parsed = schema.safeParse(value);
      if (parsed.success) listeners[event](parsed.data);
    });
  }

  /**
   * A browser does not tell why a socket did not open. Where the server answers this page otherwise, and would let its
   * socket in, what stands in between lets none through: said after some tries, because a server that has just come back
   * may not have its sockets yet.
   */
  async #lookWhy(events: ChannelEvents<C>): Promise<void> {
    const open = this.#open;
    let why: StrataError | null = null;
    try {
      await this.#caller.call(participantRoutes.knock, {}, { signal: AbortSignal.timeout(knockMs) });
      if (++this.#blocked >= mostBlocked) why = noWebSocket();
    } catch (error) {
      this.#blocked = 0;
      if (error instanceof StrataError && remedy(error) === 'fatal') why = error;
    }
    if (why === null || open !== this.#open || this.#socket.connected) return;
    this.close();
    events.refused(why);
  }

  /** Socket.IO comes back by itself after a lost connection, not after the server itself said no. */
  #comeBack(): void {
    if (this.#socket.active) return;
    clearTimeout(this.#timer);
    const spread = this.#spread * Math.random();
    this.#timer = setTimeout(() => this.#socket.connect(), spread + backoffMs(this.#refusals++));
  }
}

const noWebSocket = (): StrataError =>
  new StrataError(
    'blocked',
    'Something between this device and Strata lets no WebSocket through, and Strata needs one.',
    'Try another network, a phone’s own for example, or ask whoever runs this network or Strata: a proxy in front of it must pass WebSockets on (nginx: proxy_http_version 1.1, and the Upgrade and Connection headers).',
  );
