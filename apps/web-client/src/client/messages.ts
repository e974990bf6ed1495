import type { Identity } from '@strata/client';
import type { ErrorBody } from '@strata/fl-core/protocol';
import type { ClientOptions, DataChoice, JoinWishes } from './options.ts';
import type { ClientSnapshot } from './snapshot.ts';

/** Options with every default filled in: what the worker is started with. */
export interface WorkerOptions extends Omit<ClientOptions, 'identity' | 'server' | 'key'> {
  readonly identity: Identity;
  readonly key: string | null;
  readonly server: string;
}

/** Page to worker. */
export type ToWorker =
  | { readonly kind: 'start'; readonly options: WorkerOptions }
  | { readonly kind: 'choose'; readonly data: DataChoice }
  | { readonly kind: 'join'; readonly wishes: JoinWishes }
  | { readonly kind: 'pause'; readonly how: 'now' | 'after-round' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'forget' }
  | { readonly kind: 'leave' };

/** Worker to page. */
export type FromWorker =
  | { readonly kind: 'snapshot'; readonly snapshot: ClientSnapshot }
  /** The worker cannot go on; nothing else follows. */
  | { readonly kind: 'crashed'; readonly error: ErrorBody };
