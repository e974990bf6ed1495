import type { PlannedRow } from '@strata/gpu-bench/strata';
import type { BenchSnapshot } from './snapshot.ts';

const parts: Readonly<Record<PlannedRow['part'], string>> = {
  limit: 'What the card can do at best',
  step: 'Training step',
  kernels: 'Where the time of a step goes',
  product: 'Matrix product',
  operation: 'Kernel',
};

/** What is measured now. */
export function nowText(now: PlannedRow | null): string {
  return now === null ? 'Opening the graphics card' : `${parts[now.part]}: ${now.what}`;
}

export function stateText(state: BenchSnapshot['state']): string {
  switch (state) {
    case 'starting':
    case 'running':
      return 'Measuring';
    case 'done':
      return 'All is measured.';
    case 'stopped':
      return 'Stopped. What was measured so far is below.';
    case 'failed':
      return 'It could not go on. What was measured so far is below.';
    default:
      return state satisfies never;
  }
}

/** What a row of the limits says, where there is a better word than its own. */
export const limitText = (what: string): string =>
  what === 'copy' ? 'Memory, read and written' : what.charAt(0).toUpperCase() + what.slice(1);
