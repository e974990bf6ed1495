import { parentPort, workerData } from 'node:worker_threads';
import { type ErrorBody, StrataError } from '@strata/fl-core/protocol';
import { type TokenizerJob, tryFiles } from './try-files.ts';

/** The thread that tries one large tokenizer and ends; see `checkTokenizer`. */

export type TokenizerReply =
  | { readonly kind: 'works' }
  // A class does not survive the way between threads.
  | { readonly kind: 'refused'; readonly body: ErrorBody };

async function reply(job: TokenizerJob): Promise<TokenizerReply> {
  try {
    await tryFiles(job);
    return { kind: 'works' };
  } catch (error) {
    if (!(error instanceof StrataError)) throw error;
    return { kind: 'refused', body: error.toBody() };
  }
}

parentPort?.postMessage(await reply(workerData.job));
