import { describe, expect, it } from 'vitest';
import type { Answer } from '../work/index.ts';
import { withAccepted, withLoss } from './history.ts';
import { type ClientSnapshot, initialSnapshot, maxHistory } from './snapshot.ts';

const start = initialSnapshot('c1');
const update = (round: number): Answer => ({ kind: 'train', round, update: new Uint8Array(), loss: round });
const metrics = (round: number, accuracy: number, samples = 5): Answer => ({
  kind: 'evaluate',
  message: { round, loss: 1, accuracy, samples },
});
function after(answers: readonly Answer[]): ClientSnapshot {
  let snapshot = start;
  for (const answer of answers) snapshot = { ...snapshot, ...withAccepted(answer, snapshot) };
  return snapshot;
}

describe('the past of a client', () => {
  it('counts an update once, however often it was sent (R4)', () => {
    expect(after([update(1), update(2), update(2)])).toMatchObject({
      roundsDone: 2,
      losses: [
        { round: 1, loss: 1 },
        { round: 2, loss: 2 },
      ],
    });
  });

  it('keeps the newest accuracy of a round, and none that nothing was measured on', () => {
    expect(after([metrics(1, 0.25), metrics(2, 0.5), metrics(1, 0.75), metrics(3, 0, 0)]).accuracies).toEqual(
      [
        { round: 2, accuracy: 0.5 },
        { round: 1, accuracy: 0.75 },
      ],
    );
  });

  it('does not change with scores', () => {
    const message = { round: 1, scores: {}, samples: 1, loss: 1 };
    expect(after([{ kind: 'probe', message }])).toEqual(start);
  });

  it('grows no longer than the page shows, while the count of rounds goes on', () => {
    const rounds = Array.from({ length: maxHistory + 5 }, (_, i) => update(i + 1));
    const past = after(rounds);
    expect(past.roundsDone).toBe(maxHistory + 5);
    expect(past.losses).toHaveLength(maxHistory);
    expect(past.losses.at(-1)).toEqual({ round: maxHistory + 5, loss: maxHistory + 5 });
    const curve = Array.from({ length: maxHistory }, () => 0);
    expect(withLoss(7, { ...start, curve }).curve).toEqual([...curve.slice(1), 7]);
  });
});
