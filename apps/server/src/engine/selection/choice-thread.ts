import { parentPort, workerData } from 'node:worker_threads';
import { type ErrorBody, StrataError } from '@strata/fl-core/protocol';
import { type Choice, type Chosen, choose } from '@strata/fl-core/rounds';

/** The thread that answers one large choice and ends; see {@link chooseAside}. */

export type ChoiceReply =
  | { readonly kind: 'chosen'; readonly chosen: Chosen }
  // A class does not survive the way between threads.
  | { readonly kind: 'refused'; readonly body: ErrorBody };

function reply(choice: Choice): ChoiceReply {
  try {
    return { kind: 'chosen', chosen: choose(choice) };
  } catch (error) {
    if (!(error instanceof StrataError)) throw error;
    return { kind: 'refused', body: error.toBody() };
  }
}

parentPort?.postMessage(reply(workerData.choice));
