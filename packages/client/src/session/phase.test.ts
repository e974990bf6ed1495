import type { Work } from '@strata/fl-core/protocol';
import { describe, expect, it } from 'vitest';
import { phaseOf } from './phase.ts';

const checkpoint = { round: 0, layers: {} };
const train: Work = {
  kind: 'train',
  round: 3,
  remainingMs: 1000,
  checkpoint,
  mask: [],
  train: ['head'],
  seed: 1,
  span: [0, 1],
  method: { kind: 'steps', epochs: 1 },
  clip: null,
  box: null,
  seal: null,
};
const wait: Work = { kind: 'wait', reason: 'others', round: 3, estimateSeconds: 12, message: 'two to go' };
const base = { work: train, workAt: 5000, stage: null, pause: 'none' } as const;

describe('phaseOf', () => {
  it('connects before the first answer', () => {
    expect(phaseOf({ ...base, work: null })).toEqual({ kind: 'connecting' });
  });

  it('turns the estimate into a time, and keeps "nobody knows"', () => {
    expect(phaseOf({ ...base, work: wait })).toMatchObject({ reason: 'others', until: 17_000 });
    expect(phaseOf({ ...base, work: { ...wait, estimateSeconds: null } })).toMatchObject({ until: null });
  });

  it('shows the stage of the running job', () => {
    const stage = { kind: 'training', fraction: 0.5, loss: 1.25 } as const;
    expect(phaseOf({ ...base, stage })).toEqual({ kind: 'training', round: 3, fraction: 0.5, loss: 1.25 });
    const sending = { kind: 'sending', answer: 'train', fraction: 1 } as const;
    expect(phaseOf({ ...base, stage: sending })).toEqual({ kind: 'sending', round: 3, answer: 'train' });
  });

  it('C6: "now" is paused at once, "after-round" goes on until the server gives no more work', () => {
    const stage = { kind: 'probing', fraction: 0.1, loss: null } as const;
    expect(phaseOf({ ...base, stage, pause: 'now' })).toEqual({ kind: 'paused', round: 3 });
    expect(phaseOf({ ...base, stage, pause: 'after-round' })).toMatchObject({ kind: 'probing' });
    const done: Work = { ...wait, reason: 'you-paused' };
    expect(phaseOf({ ...base, work: done, pause: 'after-round' })).toEqual({ kind: 'paused', round: 3 });
  });

  it('a run that is over is over, paused or not', () => {
    const over: Work = { kind: 'over', state: 'finished', checkpoint, message: 'all rounds done' };
    expect(phaseOf({ ...base, work: over, pause: 'now' })).toEqual({
      kind: 'over',
      state: 'finished',
      message: 'all rounds done',
    });
  });
});
