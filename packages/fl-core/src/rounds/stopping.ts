import type { RunConfig } from '../protocol/index.ts';
import type { HeldOut } from './types.ts';

/**
 * Why a run ends with its newest committed round although it has others to play; null: it goes on.
 * @param heldOut of the committed rounds that anybody evaluated, oldest first, the newest included.
 */
export function stoppingReason(
  { stopping: { patience, target } }: Pick<RunConfig, 'stopping'>,
  heldOut: readonly HeldOut[],
): string | null {
  const newest = heldOut.at(-1);
  if (newest === undefined) return null;
  if (target !== null && newest.accuracy >= target) {
    return `An accuracy of ${percent(newest.accuracy)} is reached; ${percent(target)} was wanted.`;
  }
  if (patience === null || heldOut.length <= patience) return null;
  const lowest = (of: readonly HeldOut[]) => Math.min(...of.map(({ loss }) => loss));
  const before = lowest(heldOut.slice(0, -patience));
  if (lowest(heldOut.slice(-patience)) < before) return null;
  return `In ${patience} rounds the loss on held-out data was no lower than ${before.toPrecision(4)}.`;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
