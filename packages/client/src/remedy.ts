import { type ErrorCode, StrataError } from '@strata/fl-core/protocol';

/** What to do about a refusal or a failure. */
export type Remedy =
  /** Nobody answered or the server is busy: ask the same again, later. */
  | 'again'
  /** The round has gone on without this answer: ask for the work there is now. */
  | 'moved-on'
  /** The answer was wrong or could not be made: make it anew, a bounded number of times (R5). */
  | 'redo'
  /** Nothing this client does will help. */
  | 'fatal';

export function remedy(error: unknown): Remedy {
  return error instanceof StrataError ? remedies[error.code] : 'again';
}

const remedies: Readonly<Record<ErrorCode, Remedy>> = {
  'rate-limited': 'again',
  'no-space': 'again',
  unavailable: 'again',
  internal: 'again',
  'wrong-phase': 'moved-on',
  'wrong-round': 'moved-on',
  'too-stale': 'moved-on',
  'wrong-state': 'moved-on',
  'unknown-round': 'moved-on',
  'not-in-cohort': 'moved-on',
  'unknown-blob': 'moved-on',
  'wrong-exchange': 'moved-on',
  'wrong-roster': 'moved-on',
  'bad-signature': 'moved-on',
  'small-group': 'moved-on',
  'bad-envelope': 'moved-on',
  'too-few-shares': 'moved-on',
  'already-answered': 'moved-on',
  'bad-message': 'redo',
  'bad-request': 'redo',
  'too-large': 'redo',
  'wrong-scores': 'redo',
  'wrong-layers': 'redo',
  'wrong-tensor': 'redo',
  'non-finite': 'redo',
  'wrong-signature': 'redo',
  'bad-safetensors': 'redo',
  'privacy-spent': 'fatal',
  blocked: 'fatal',
  unauthorized: 'fatal',
  forbidden: 'fatal',
  'not-invited': 'fatal',
  removed: 'fatal',
  banned: 'fatal',
  'taken-over': 'fatal',
  'foreign-address': 'fatal',
  'wrong-key': 'fatal',
  'unknown-run': 'fatal',
  'unknown-client': 'fatal',
  'unknown-account': 'fatal',
  'unknown-token': 'fatal',
  'unknown-invitation': 'fatal',
  'bad-model': 'fatal',
  'bad-config': 'fatal',
  'bad-layers': 'fatal',
  'bad-client': 'fatal',
  'bad-update': 'fatal',
  'too-few-clients': 'fatal',
};
