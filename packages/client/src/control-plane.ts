import {
  clientChannel,
  type ErrorBody,
  type MessageGiven,
  protocolVersion,
  type ReplyTaken,
  type RequestName,
  type RunPublic,
  StrataError,
  type Work,
} from '@strata/fl-core/protocol';
import { type ChannelOptions, ChannelSocket } from './channel-socket.ts';
import { type Identity, newIdentity } from './identity.ts';
import type { Invitation } from './join-link.ts';

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
  /** What a member of a sealed round says besides its masked words. */
  sealed(message: Message<'sealed'>): Reply<'sealed'>;
  standing(message: Message<'standing'>): Reply<'standing'>;
  /** Best effort. */
  progress(message: Message<'progress'>): void;
  close(): void;
}

export interface ControlEvents {
  connected(): void;
  disconnected(): void;
  /** The server does not let this client in, or has sent it away, and asking again will not help. */
  refused(error: StrataError): void;
  work(work: Work): void;
  run(view: RunPublic): void;
}

export interface ControlOptions extends Pick<ChannelOptions<Clients>, 'server' | 'comeBackMs'>, Invitation {
  readonly identity: Identity;
}

/** The control plane over Socket.IO. */
export function createControlPlane({ run, key, identity, ...options }: ControlOptions): ControlPlane {
  const auth = {
    protocol: protocolVersion,
    run,
    ...identity,
    ...(key === null ? {} : { key }),
    tab: newIdentity().client,
  };
  const socket = new ChannelSocket(clientChannel, { ...options, auth });
  return {
    open({ work, run, ...events }) {
      const dismissed = (body: ErrorBody) => {
        socket.close();
        events.refused(StrataError.fromBody(body));
      };
      const pace = ({ spreadMs }: { spreadMs: number }) => socket.pace(spreadMs);
      socket.open({ ...events, pushes: { work, run, dismissed, pace } });
    },
    hello: (message) => socket.ask('hello', message),
    work: () => socket.ask('work', {}),
    probed: (message) => socket.ask('probed', message),
    evaluated: (message) => socket.ask('evaluated', message),
    sealed: (message) => socket.ask('sealed', message),
    standing: (message) => socket.ask('standing', message),
    progress: (message) => socket.tell('progress', message),
    close: () => socket.close(),
  };
}
