import { parentPort } from 'node:worker_threads';
import { type ErrorBody, StrataError } from '@strata/fl-core/protocol';
import type { LayerStep } from '@strata/fl-core/rounds';
import { stepSpooled } from './step-spooled.ts';

/** The thread that steps layers one after the other; see {@link LayerSteps}. */

export type StepJob = Parameters<typeof stepSpooled>;
export type StepReply =
  | { readonly kind: 'stepped'; readonly step: LayerStep }
  // A class does not survive the way between threads.
  | { readonly kind: 'refused'; readonly body: ErrorBody };

async function reply(job: StepJob): Promise<StepReply> {
  try {
    return { kind: 'stepped', step: await stepSpooled(...job) };
  } catch (error) {
    if (!(error instanceof StrataError)) throw error;
    return { kind: 'refused', body: error.toBody() };
  }
}

parentPort?.on('message', async (job: StepJob) => parentPort?.postMessage(await reply(job)));
