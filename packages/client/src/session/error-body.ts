import { type ErrorBody, StrataError } from '@strata/fl-core/protocol';

/** Any error as something a person can read. */
export function errorBody(error: unknown): ErrorBody {
  if (error instanceof StrataError) return error.toBody();
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: 'internal',
    message: message.slice(0, 2000) || 'Something went wrong on this device.',
    hint: 'Try again: reload the page, or start the program anew. If it happens again, try another browser or backend (?backend=wasm in the address, --backend wasm on the command line).',
  };
}
