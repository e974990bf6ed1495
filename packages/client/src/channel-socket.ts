import {
  type Ack,
  type Channel,
  ErrorBody,
  type Listeners,
  type MessageGiven,
  type PushName,
  type ReplyTaken,
  type RequestName,
  StrataError,
} from '@strata/fl-core/protocol';
import { io, type Socket } from 'socket.io-client';
import { z } from 'zod';
import { Envelope, understood } from './envelope.ts';
import { remedy } from './remedy.ts';
import { backoffMs } from './retry.ts';

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
  #refusals = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor({ namespace, requests, pushes }: C, options: ChannelOptions<C>) {
    const { server, auth, comeBackMs = { least: 500, most: 5_000 } } = options;
    this.#requests = requests;
    this.#pushes = pushes;
    this.#socket = io(`${server}${namespace}`, {
      transports: ['websocket'],
      auth,
      autoConnect: false,
      forceNew: true,
      reconnectionDelay: comeBackMs.least,
      reconnectionDelayMax: comeBackMs.most,
      randomizationFactor: 0.5,
    });
  }

  get connected(): boolean {
    return this.#socket.connected;
  }

  /** Connects; after {@link close} again. */
  open(events: ChannelEvents<C>): void {
    this.#socket.off();
    this.#socket.on('connect', () => {
      this.#refusals = 0;
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
      }
    });
    for (const event in this.#pushes) this.#hear(event, events.pushes);
    this.#socket.connect();
  }

  close(): void {
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

  /** Socket.IO comes back by itself after a lost connection, not after the server itself said no. */
  #comeBack(): void {
    if (this.#socket.active) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#socket.connect(), backoffMs(this.#refusals++));
  }
}
