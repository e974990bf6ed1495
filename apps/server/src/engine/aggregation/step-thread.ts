import { parentPort } from 'node:worker_threads';
import { StrataError } from '@strata/fl-core/protocol';
import type { LayerStep } from '@strata/fl-core/rounds';
import { type StepJob, type StepReply, stepSpooled } from './layer-steps.ts';

/** A thread that steps layers one after the other; see `LayerSteps`. */

async function reply(job: StepJob): Promise<StepReply> {
  try {
    return { kind: 'stepped', step: await stepSpooled(...job) };
  } catch (error) {
    if (!(error instanceof StrataError)) throw error;
    return { kind: 'refused', body: error.toBody() };
  }
}

parentPort?.on('message', async (job: StepJob) => {
  const answer = await reply(job);
  parentPort?.postMessage(answer, answer.kind === 'stepped' ? buffersOf(answer.step) : []);
});

const buffersOf = ({ weights, state }: LayerStep): ArrayBuffer[] =>
  [weights, state].flatMap((bytes) => (bytes?.buffer instanceof ArrayBuffer ? [bytes.buffer] : []));
