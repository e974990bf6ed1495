import { createHash } from 'node:crypto';
import type { TracedPhase } from './traces.ts';

/**
 * Ids of spans follow from what they are of: a server that was started again, and any other node, goes on with the same
 * trace, and a child may be sent before its parent has ended.
 */

/** Hexadecimal digits of a trace's id and of a span's (W3C Trace Context, 3.2.2). */
const traceDigits = 32;
const spanDigits = 16;

const digest = (...parts: readonly (string | number)[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');

type TracedRound = Pick<TracedPhase, 'run' | 'round'>;

export const traceIdOf = ({ run, round }: TracedRound): string =>
  digest('trace', run, round).slice(0, traceDigits);

export const roundSpanId = ({ run, round }: TracedRound): string =>
  digest('round', run, round).slice(0, spanDigits);

export const phaseSpanId = ({ run, round, phase }: TracedPhase): string =>
  digest('phase', run, round, phase).slice(0, spanDigits);
