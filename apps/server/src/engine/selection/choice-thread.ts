import { parentPort, workerData } from 'node:worker_threads';
import { type Choice, type Chosen, choose } from '@strata/fl-core/rounds';
import { SelectionError, type SelectionErrorCode } from '@strata/fl-core/selection';

/** The thread that answers one large choice and ends; see {@link chooseAside}. */

export type ChoiceReply =
  | { readonly kind: 'chosen'; readonly chosen: Chosen }
  | {
      readonly kind: 'refused';
      readonly code: SelectionErrorCode;
      readonly message: string;
      readonly hint: string;
    };

function reply(choice: Choice): ChoiceReply {
  try {
    return { kind: 'chosen', chosen: choose(choice) };
  } catch (error) {
    if (!(error instanceof SelectionError)) throw error;
    const { code, message, hint } = error; // a class does not survive the way between threads
    return { kind: 'refused', code, message, hint };
  }
}

parentPort?.postMessage(reply(workerData.choice));
