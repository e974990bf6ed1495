import type { z } from 'zod';
import type { ErrorBody } from './errors.ts';

/**
 * What is said in a namespace of Socket.IO, as a value: the server's handlers, its pushes and the callers derive from
 * it. Requests go to the server and are always acknowledged; pushes come from it and are not.
 */
export interface Channel {
  readonly namespace: `/${string}`;
  /** The handshake's `auth`. */
  readonly auth: z.ZodObject;
  readonly requests: Readonly<Record<string, { readonly message: z.ZodType; readonly answer: z.ZodType }>>;
  readonly pushes: Readonly<Record<string, z.ZodType>>;
}

/** A channel with its own types. */
export const defineChannel = <const C extends Channel>(channel: C): C => channel;

/** Every acknowledgement: a value or an error, never silence, never an exception. */
export type Ack<T> = { ok: true; value: T } | { ok: false; error: ErrorBody };

export type RequestName<C extends Channel> = Extract<keyof C['requests'], string>;
export type PushName<C extends Channel> = Extract<keyof C['pushes'], string>;

/** What a caller sends and what it gets. */
export type MessageGiven<C extends Channel, E extends RequestName<C>> = z.input<C['requests'][E]['message']>;
export type ReplyTaken<C extends Channel, E extends RequestName<C>> = z.output<C['requests'][E]['answer']>;

/** The server's side of all requests; one without a handler does not compile. `Asker` is who asks. */
export type Handlers<C extends Channel, Asker> = {
  readonly [E in RequestName<C>]: (
    asker: Asker,
    message: z.output<C['requests'][E]['message']>,
  ) => Promise<z.input<C['requests'][E]['answer']>>;
};

/** The client's side of all pushes. */
export type Listeners<C extends Channel> = {
  readonly [E in PushName<C>]: (value: z.output<C['pushes'][E]>) => void;
};

/** The pushes as Socket.IO's types want them. */
export type PushEvents<C extends Channel> = {
  [E in PushName<C>]: (value: z.input<C['pushes'][E]>) => void;
};
