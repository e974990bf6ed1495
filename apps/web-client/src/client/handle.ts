import { newIdentity } from '@strata/client';
import {
  type ClientOptions,
  type ClientSnapshot,
  type DataChoice,
  initialSnapshot,
  type JoinWishes,
} from '@strata/client/session';
import type { ErrorBody } from '@strata/fl-core/protocol';
import type { FromWorker, ToWorker } from './messages.ts';

/** A file with the path it had in the folder it came from; the path carries the label of an image. */
export interface LocalFile {
  readonly path: string;
  readonly file: File;
}

/** A page's hold on one client. The client itself lives in its worker (C1). */
export interface ClientHandle {
  /** The newest state; the same object until something changes. */
  snapshot(): ClientSnapshot;
  /** Calls `listener` after every change; returns the way to stop it. */
  subscribe(listener: () => void): () => void;
  /** Gives the client its data, or other data as long as it has not joined. */
  choose(data: DataChoice): void;
  /** Takes part; `wishes` replace those given at the start. */
  join(wishes?: JoinWishes): void;
  /** `now`: stops between two batches and keeps its place. `after-round`: finishes the round first (C6). */
  pause(how: 'now' | 'after-round'): void;
  resume(): void;
  /** Deletes everything that this site keeps on the device between visits. */
  forget(): void;
  /** Says goodbye to the run; the phase becomes `left`. */
  leave(): void;
  /** Ends the worker without a word, as closing the tab does. */
  dispose(): void;
}

/** Starts a client in a worker of its own. A page may hold any number of them. */
export function startClient(options: ClientOptions): ClientHandle {
  const identity = options.identity ?? newIdentity();
  const listeners = new Set<() => void>();
  let snapshot = initialSnapshot(identity.client, options.past);
  const set = (next: ClientSnapshot) => {
    snapshot = next;
    for (const listener of listeners) listener();
  };
  const crash = (error: ErrorBody) => {
    worker?.terminate();
    set({ ...snapshot, phase: { kind: 'failed', error }, connected: false });
  };
  const worker = startWorker(identity.client);
  const send = (message: ToWorker) => worker?.postMessage(message);

  if (worker === null) {
    crash(tooOld);
  } else {
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      switch (data.kind) {
        case 'snapshot':
          set(data.snapshot);
          break;
        case 'crashed':
          crash(data.error);
          break;
        default:
          data satisfies never;
      }
    };
    worker.onerror = (event) => {
      crash({
        code: 'internal',
        message: `The training worker stopped${event.message ? `: ${event.message}` : '.'}`,
        hint: 'Reload the page. If it happens again, use a current version of Chrome, Edge, Firefox or Safari.',
      });
    };
  }
  send({
    kind: 'start',
    options: {
      ...options,
      identity,
      key: options.key ?? null,
      server: options.server ?? globalThis.location.origin,
    },
  });

  return {
    snapshot: () => snapshot,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    choose: (data) => send({ kind: 'choose', data }),
    join: (wishes = {}) => send({ kind: 'join', wishes }),
    pause: (how) => send({ kind: 'pause', how }),
    resume: () => send({ kind: 'resume' }),
    forget: () => send({ kind: 'forget' }),
    leave: () => send({ kind: 'leave' }),
    dispose() {
      listeners.clear();
      worker?.terminate();
    },
  };
}

/** Null where the browser has no workers that are modules, or is older than what they are written for. */
function startWorker(client: string): Worker | null {
  if (!('any' in AbortSignal) || !('timeout' in AbortSignal)) return null;
  try {
    return new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: `strata ${client}` });
  } catch {
    return null;
  }
}

const tooOld: ErrorBody = {
  code: 'internal',
  message: 'This browser lacks what training needs: workers, and the language of 2024.',
  hint: 'Use a current version of Chrome, Edge, Firefox or Safari; if this is one, an extension or a policy of this device keeps workers from pages.',
};
