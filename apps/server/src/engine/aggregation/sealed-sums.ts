import { open } from 'node:fs/promises';
import {
  type ErrorBody,
  headerLength,
  parseHeader,
  type RunConfig,
  type SafetensorsHeader,
  StrataError,
} from '@strata/fl-core/protocol';
import { type OpenedRound, openRound, type Terms } from '@strata/fl-core/rounds';
import type { SealedMember } from '@strata/fl-core/rounds/types';
import type { Exchange } from '@strata/fl-core/sealing';
import { nextMessage } from '../../threads/next-message.ts';
import { startThread } from '../../threads/start-thread.ts';

/** What the sums of a round are opened from; plain values, for a thread. */
export interface SumsJob {
  readonly config: RunConfig;
  readonly exchange: Exchange;
  readonly terms: Terms;
  /** In client-id order. */
  readonly cohort: readonly SealedMember[];
  /** Files of masked words, by their hash. */
  readonly paths: ReadonlyMap<string, string>;
}

export type SumsReply =
  | { readonly kind: 'opened'; readonly opened: OpenedRound }
  // A class does not survive the way between threads.
  | { readonly kind: 'refused'; readonly body: ErrorBody };

/** Words up to which sums are opened in some ten milliseconds; a thread takes some hundred to start. */
const smallSum = 300_000;

/**
 * Opens the sums of a round without holding up the server: large ones in a thread of their own.
 * @param small words up to which they are opened here.
 * @throws as `openRound`.
 */
export async function openAside(job: SumsJob, small = smallSum): Promise<OpenedRound> {
  const { vectors } = job.exchange;
  const words = job.cohort.reduce(
    (sum, m) => sum + (m.sealing?.ready.vectors.reduce((own, name) => own + vectors[name]!, 0) ?? 0),
    0,
  );
  if (words <= small) return openSums(job);
  const thread = startThread(new URL('./sums-thread.ts', import.meta.url), { job });
  try {
    const reply = await nextMessage<SumsReply>(thread);
    if (reply.kind === 'refused') throw StrataError.fromBody(reply.body);
    return reply.opened;
  } finally {
    await thread.terminate();
  }
}

/** Here and now: memory is that of the model and of one member's vector. */
export function openSums({ config, exchange, terms, cohort, paths }: SumsJob): Promise<OpenedRound> {
  const headers = new Map<string, SafetensorsHeader>();
  return openRound(config, exchange, terms, cohort, async (sha256, vector) => {
    const file = await open(paths.get(sha256)!, 'r');
    try {
      const read = async (at: number, length: number) => {
        const bytes = new Uint8Array(length);
        await file.read(bytes, 0, length, at);
        return bytes;
      };
      let header = headers.get(sha256);
      if (header === undefined) {
        header = parseHeader(await read(8, headerLength(await read(0, 8))));
        headers.set(sha256, header);
      }
      const { begin, end } = header.tensors.get(vector)!; // looked at when it came
      return new Int32Array((await read(begin, end - begin)).buffer);
    } finally {
      await file.close();
    }
  });
}
