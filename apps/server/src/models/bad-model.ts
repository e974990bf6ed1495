import { StrataError } from '@strata/fl-core/protocol';

/** Weights that cannot be used: `message` names the file or tensor. */
export function badModel(message: string, cause?: unknown): StrataError {
  return new StrataError(
    'bad-model',
    message,
    'Replace the file by the unchanged weights of the model that the run names.',
    cause === undefined ? undefined : { cause },
  );
}

/** Why something failed, for the end of a sentence. */
export const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
