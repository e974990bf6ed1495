import { alwaysTrained, catalog, layerBytes, layoutOf } from '@strata/fl-core/models/layouts';
import { describe, expect, it } from 'vitest';
import { lineOf } from './line.ts';
import type { RoundRow } from './play.ts';

const layout = layoutOf(catalog['vit-nano'], 10);
const bytes = (...names: readonly string[]) =>
  layout.layers.reduce((sum, layer) => sum + (names.includes(layer.name) ? layerBytes(layer) : 0), 0);
const heads = alwaysTrained(layout);
const whole = bytes(...layout.layers.map((l) => l.name));

/** Hashes after rounds that changed these layers, besides the head. */
function rowsOf(...rounds: readonly { masks: RoundRow['masks']; trained: readonly string[] }[]): RoundRow[] {
  const hashes = Object.fromEntries(layout.layers.map(({ name }) => [name, 'start']));
  return rounds.map(({ masks, trained }, i) => {
    for (const name of [...heads, ...trained.flatMap((id) => masks[id] ?? [])])
      hashes[name] = `round ${i + 1}`;
    return {
      ...{
        round: i + 1,
        test: null,
        validation: null,
        seconds: i + 1,
        masks,
        trained,
        hashes: { ...hashes },
      },
      compute: { probe: 1, train: 2, full: 4 },
      summary: { agreement: 1, covered: null, e1: null, e2: null } as RoundRow['summary'],
    };
  });
}

describe('a line of results', () => {
  it('counts what clients send and fetch, by hand', () => {
    const rows = rowsOf(
      { masks: { a: ['blocks.0'], b: ['blocks.0'] }, trained: ['a', 'b'] },
      { masks: { a: ['blocks.1'], b: ['blocks.1'] }, trained: ['a'] },
    );
    const line = lineOf({ kind: 'finished', clients: [] }, rows, layout, { last: 1 });
    // b is gone in the second round: it sent nothing.
    expect(2 * line.up).toBe(2 * bytes('blocks.0', ...heads) + bytes('blocks.1', ...heads));
    // At first the whole model and the candidate, then nothing but the candidate, which b does not fetch.
    expect(2 * line.down).toBe(2 * (whole + bytes('blocks.0', ...heads)) + bytes('blocks.1', ...heads));
    // Of three updates two had block 0.
    expect(line.chosen.slice(0, 2).map((share) => 3 * share)).toEqual([2, 1]);
  });

  it('leaves out clients that hold nothing out', () => {
    const clients = [
      { samples: 10, loss: 1, accuracy: 0.5 },
      { samples: 0, loss: 0, accuracy: 0 },
    ];
    const line = lineOf({ kind: 'finished', clients }, rowsOf(), layout, { last: 1 });
    expect([line.clients, line.worstTenth]).toEqual([0.5, 0.5]);
  });
});
