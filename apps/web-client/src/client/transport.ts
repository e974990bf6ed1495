import type {
  Evaluated,
  Hello,
  Probed,
  Progress,
  RunManifest,
  RunPublic,
  Standing,
  UpdateReceipt,
  Welcome,
  Work,
} from '@strata/fl-core/protocol';
import { type ErrorBody, type ErrorCode, StrataError } from '@strata/fl-core/protocol';

/**
 * The control plane as a session sees it. Requests reject with a {@link StrataError} when the server refused,
 * and with any other error when no answer came (connection lost, server restarting): those are asked again.
 */
export interface ControlPlane {
  open(events: ControlEvents): void;
  hello(message: Hello): Promise<Welcome>;
  work(): Promise<Work>;
  probed(message: Probed): Promise<Work>;
  evaluated(message: Evaluated): Promise<Work>;
  standing(message: Standing): Promise<Work>;
  /** Best effort. */
  progress(message: Progress): void;
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

/** The data plane; the same rule for errors as {@link ControlPlane}. */
export interface DataPlane {
  manifest(signal: AbortSignal): Promise<RunManifest>;
  run(signal: AbortSignal): Promise<RunPublic>;
  /** The bytes of a blob, checked against their hash. */
  blob(sha256: string, signal: AbortSignal): Promise<Uint8Array>;
  /** Idempotent: the same bytes again are acknowledged and not counted again (R4). */
  upload(round: number, update: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<UpdateReceipt>;
}

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
  unavailable: 'again',
  internal: 'again',
  'wrong-phase': 'moved-on',
  'wrong-round': 'moved-on',
  'wrong-state': 'moved-on',
  'unknown-round': 'moved-on',
  'not-in-cohort': 'moved-on',
  'unknown-blob': 'moved-on',
  'bad-message': 'redo',
  'bad-request': 'redo',
  'too-large': 'redo',
  'wrong-scores': 'redo',
  'wrong-layers': 'redo',
  'wrong-tensor': 'redo',
  'non-finite': 'redo',
  'bad-safetensors': 'redo',
  unauthorized: 'fatal',
  'unknown-run': 'fatal',
  'unknown-client': 'fatal',
  'bad-model': 'fatal',
  'bad-config': 'fatal',
};

/** Any error as something a person can read. */
export function errorBody(error: unknown): ErrorBody {
  if (error instanceof StrataError) return error.toBody();
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: 'internal',
    message: message.slice(0, 2000) || 'Something went wrong on this device.',
    hint: 'Reload the page; if it happens again, try another browser or add ?backend=wasm to the address.',
  };
}
