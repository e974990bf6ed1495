import { parentPort, workerData } from 'node:worker_threads';
import { StrataError } from '@strata/fl-core/protocol';
import { openSums, type SumsJob, type SumsReply } from './sealed-sums.ts';

/** The thread that opens the sums of one round and ends; see `openAside`. */

async function reply(job: SumsJob): Promise<SumsReply> {
  try {
    return { kind: 'opened', opened: await openSums(job) };
  } catch (error) {
    if (!(error instanceof StrataError)) throw error;
    return { kind: 'refused', body: error.toBody() };
  }
}

const answer = await reply(workerData.job);
const means = answer.kind === 'opened' ? [...answer.opened.layers.values()].map((l) => l.mean.buffer) : [];
parentPort?.postMessage(answer, means);
