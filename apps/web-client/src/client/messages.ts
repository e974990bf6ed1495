import type { ClientSnapshot, DataChoice, JoinWishes, StartOptions } from '@strata/client/session';
import type { ErrorBody } from '@strata/fl-core/protocol';

/** Page to worker. */
export type ToWorker =
  | { readonly kind: 'start'; readonly options: StartOptions }
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
