import { parentPort } from 'node:worker_threads';
import { AggregationError } from '@strata/fl-core/aggregation';
import { StrataError } from '@strata/fl-core/protocol';
import { type StepJob, type StepReply, stepSpooled } from './layer-steps.ts';

/** The thread that steps layers one after the other; see `LayerSteps`. */

async function reply(job: StepJob): Promise<StepReply> {
  try {
    return { kind: 'stepped', step: await stepSpooled(...job) };
  } catch (error) {
    if (error instanceof StrataError) return { kind: 'refused', body: error.toBody() };
    if (!(error instanceof AggregationError)) throw error;
    const { code, message, hint } = error;
    return { kind: 'not-aggregated', code, message, hint };
  }
}

parentPort?.on('message', async (job: StepJob) => parentPort?.postMessage(await reply(job)));
