import type { RoundSummary } from '@strata/fl-core/protocol';
import { percent } from '../../shared/texts/format.ts';

export interface TrafficPoint {
  readonly round: number;
  /** Cumulative bytes, both directions. */
  readonly moved: number;
  /** Cumulative bytes had every participant trained every layer. */
  readonly full: number;
}

type RoundBytes = Pick<RoundSummary, 'round' | 'bytesDown' | 'bytesUp' | 'bytesIfFull'>;

export function traffic(rounds: readonly RoundBytes[]): TrafficPoint[] {
  let moved = 0;
  let full = 0;
  return rounds.map((r) => {
    moved += r.bytesDown + r.bytesUp;
    full += r.bytesIfFull;
    return { round: r.round, moved, full };
  });
}

/**
 * Share of what training every layer would have moved that was not moved: 0.9 is a tenth of the bytes; null before
 * anything was trained, when everybody has fetched the same.
 */
export function saving(rounds: readonly RoundBytes[]): number | null {
  const last = traffic(rounds).at(-1);
  const trained = rounds.some(({ bytesUp }) => bytesUp > 0);
  return last === undefined || !trained || last.full === 0 ? null : 1 - last.moved / last.full;
}

/** The same in words; the headers of files are a few thousandths, and nobody's saving. */
export function savingText(saved: number, length: 'short' | 'long'): string {
  const than = length === 'long' ? ' than training all layers' : '';
  if (Math.abs(saved) < 0.005) return length === 'long' ? 'as much as training all layers' : 'nothing saved';
  if (saved < 0) return `${percent(-saved)} more${than}`;
  return length === 'long' ? `${percent(saved)} less${than}` : `${percent(saved)} saved`;
}
