import {
  clientChannel,
  type MessageGiven,
  protocolVersion,
  type ReplyTaken,
  type RequestName,
  type RunPublic,
  type StrataError,
  type Work,
} from '@strata/fl-core/protocol';
import { type ChannelOptions, ChannelSocket } from './channel-socket.ts';
import type { Identity } from './identity.ts';

type Clients = typeof clientChannel;
type Message<E extends RequestName<Clients>> = MessageGiven<Clients, E>;
type Reply<E extends RequestName<Clients>> = Promise<ReplyTaken<Clients, E>>;

/**
 * The control plane as a training client sees it. Requests reject with a {@link StrataError} when the server refused,
 * and with any other error when no answer came (connection lost, server restarting): those are asked again.
 */
export interface ControlPlane {
  open(events: ControlEvents): void;
  hello(message: Message<'hello'>): Reply<'hello'>;
  work(): Reply<'work'>;
  probed(message: Message<'probed'>): Reply<'probed'>;
  evaluated(message: Message<'evaluated'>): Reply<'evaluated'>;
  standing(message: Message<'standing'>): Reply<'standing'>;
  /** Best effort. */
  progress(message: Message<'progress'>): void;
  close(): void;
}

export interface ControlEvents {
  connected(): void;
  disconnected(): void;
  /** The server does not let this client in, and asking again will not help. */
  refused(error: StrataError): void;
  work(work: Work): void;
  run(view: RunPublic): void;
}

export interface ControlOptions extends Pick<ChannelOptions<Clients>, 'server' | 'comeBackMs'> {
  readonly run: string;
  readonly identity: Identity;
}

/** The control plane over Socket.IO. */
export function createControlPlane({ run, identity, ...options }: ControlOptions): ControlPlane {
  const auth = { protocol: protocolVersion, run, ...identity };
  const socket = new ChannelSocket(clientChannel, { ...options, auth });
  return {
    open({ work, run, ...events }) {
      socket.open({ ...events, pushes: { work, run } });
    },
    hello: (message) => socket.ask('hello', message),
    work: () => socket.ask('work', {}),
    probed: (message) => socket.ask('probed', message),
    evaluated: (message) => socket.ask('evaluated', message),
    standing: (message) => socket.ask('standing', message),
    progress: (message) => socket.tell('progress', message),
    close: () => socket.close(),
  };
}
