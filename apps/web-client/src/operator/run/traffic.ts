import type { RoundSummary } from '@strata/fl-core/protocol';

export interface TrafficPoint {
  readonly round: number;
  /** Cumulative bytes, both directions. */
  readonly sent: number;
  /** Cumulative bytes had everyone exchanged the whole model. */
  readonly full: number;
}

type RoundBytes = Pick<RoundSummary, 'round' | 'bytesDown' | 'bytesUp' | 'bytesFullExchange'>;

export function traffic(rounds: readonly RoundBytes[]): TrafficPoint[] {
  let sent = 0;
  let full = 0;
  return rounds.map((r) => {
    sent += r.bytesDown + r.bytesUp;
    full += r.bytesFullExchange;
    return { round: r.round, sent, full };
  });
}

/** Share of the full exchange that was not sent: 0.9 is a tenth of the bytes; null before there is any. */
export function saving(rounds: readonly RoundBytes[]): number | null {
  const last = traffic(rounds).at(-1);
  return last === undefined || last.full === 0 ? null : 1 - last.sent / last.full;
}
