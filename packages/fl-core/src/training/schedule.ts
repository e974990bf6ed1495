import type { ScheduleConfig } from '../protocol/local-config.ts';

/**
 * Factor of the learning rate at a place of the run, in [0, 1] both. With a warm-up it rises linearly from 0 to 1;
 * then it stays, or falls along half a cosine to `floor` (SGDR without restarts: Loshchilov and Hutter,
 * arXiv 1608.03983, eq. 5).
 */
export function rateAt(schedule: ScheduleConfig, position: number): number {
  const { warmUp } = schedule;
  if (position < warmUp) return position / warmUp;
  switch (schedule.name) {
    case 'constant':
      return 1;
    case 'cosine': {
      const after = Math.min(1, (position - warmUp) / (1 - warmUp));
      return schedule.floor + ((1 - schedule.floor) * (1 + Math.cos(Math.PI * after))) / 2;
    }
    default:
      return schedule satisfies never;
  }
}

/** Where step `index` of `steps` (from 0) lies in a round's part of the run: its middle, so that none has rate 0. */
export function positionOf([from, to]: readonly [number, number], index: number, steps: number): number {
  return from + ((index + 0.5) / steps) * (to - from);
}
