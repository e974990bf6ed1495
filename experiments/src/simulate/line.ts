import {
  alwaysTrained,
  layerBytes,
  type ModelLayout,
  selectableLayers,
} from '@strata/fl-core/models/layouts';
import type { Plan } from './config.ts';
import type { PlayEnd, RoundRow } from './play.ts';

/** A finished cell in numbers: all that reports are made of, so that rows need not be kept. */
export interface Line {
  readonly end: PlayEnd['kind'];
  readonly rounds: number;
  /** Means over the evaluations of the last rounds (`evaluate.last`); null where nothing was evaluated. */
  readonly test: number | null;
  readonly loss: number | null;
  readonly validation: number | null;
  /** Of what each client holds out, at the end: the mean, and that of the worst tenth. */
  readonly clients: number | null;
  readonly worstTenth: number | null;
  /** Bytes a round, by what clients fetch that keep what they have; and the same if all layers were trained. */
  readonly up: number;
  readonly down: number;
  readonly upIfFull: number;
  readonly downIfFull: number;
  /** Seconds of a typical device a round, of all clients together. */
  readonly train: number;
  readonly probe: number;
  readonly trainIfFull: number;
  /** Virtual seconds of a round. */
  readonly seconds: number;
  /** Means over the rounds; null where never known. */
  readonly agreement: number | null;
  readonly covered: number | null;
  readonly e1: number | null;
  readonly e2: number | null;
  /** Accuracy on the test samples by round. */
  readonly curve: readonly (readonly [round: number, accuracy: number])[];
  /** Share of the updates that had each selectable layer, in forward order. */
  readonly chosen: readonly number[];
  /** When the loss on the test samples was first seen at `evaluate.target`; null: never, absent: nobody asked. */
  readonly reached?: {
    readonly round: number;
    /** Virtual seconds since the beginning. */
    readonly seconds: number;
    /** Updates counted, and bytes that all clients moved until then. */
    readonly updates: number;
    readonly bytes: number;
  } | null;
}

export function lineOf(
  end: PlayEnd,
  rows: readonly RoundRow[],
  layout: ModelLayout,
  { last, target }: Pick<Plan['evaluate'], 'last' | 'target'>,
): Line {
  const final = rows.slice(-last);
  const ofFinal = (side: 'test' | 'validation', what: 'accuracy' | 'loss') =>
    meanOf(final.map((row) => row[side]?.[what] ?? null));
  const measured = end.kind === 'finished' ? end.clients.filter((c) => c.samples > 0) : [];
  const own = measured.map((c) => c.accuracy).sort((a, b) => a - b);
  const moved = traffic(rows, layout);
  const each = (total: number) => (rows.length === 0 ? 0 : total / rows.length);
  const total = (of: (row: RoundRow) => number) => each(rows.reduce((sum, row) => sum + of(row), 0));
  const masks = rows.flatMap((row) => row.trained.map((client) => row.masks[client] ?? []));
  return {
    end: end.kind,
    rounds: rows.length,
    test: ofFinal('test', 'accuracy'),
    loss: ofFinal('test', 'loss'),
    validation: ofFinal('validation', 'accuracy'),
    clients: meanOf(own),
    worstTenth: meanOf(own.slice(0, Math.ceil(own.length / 10))),
    up: each(moved.up),
    down: each(moved.down),
    upIfFull: each(moved.upIfFull),
    downIfFull: each(moved.downIfFull),
    train: total((row) => row.compute.train),
    probe: total((row) => row.compute.probe),
    trainIfFull: total((row) => row.compute.full),
    seconds: each(rows.at(-1)?.seconds ?? 0),
    agreement: meanOf(rows.map((row) => row.summary?.agreement ?? null)),
    covered: meanOf(rows.map((row) => row.summary?.covered ?? null)),
    e1: meanOf(rows.map((row) => row.summary?.e1 ?? null)),
    e2: meanOf(rows.map((row) => row.summary?.e2 ?? null)),
    curve: rows.flatMap((row) => (row.test === null ? [] : [[row.round, row.test.accuracy] as const])),
    chosen: selectableLayers(layout).map(
      (layer) => masks.filter((mask) => mask.includes(layer)).length / Math.max(1, masks.length),
    ),
    ...(target === undefined ? {} : { reached: reachedIn(rows, layout, target) }),
  };
}

function reachedIn(
  rows: readonly RoundRow[],
  layout: ModelLayout,
  target: number,
): NonNullable<Line['reached']> | null {
  const at = rows.findIndex((row) => row.test !== null && row.test.loss <= target);
  const row = rows[at];
  if (row === undefined) return null;
  const until = rows.slice(0, at + 1);
  const { up, down } = traffic(until, layout);
  const updates = until.reduce((n, { trained }) => n + trained.length, 0);
  return { round: row.round, seconds: row.seconds, updates, bytes: up + down };
}

/** What clients send, and fetch when they keep the newest of each layer that they have had. */
function traffic(rows: readonly RoundRow[], layout: ModelLayout) {
  const bytes = new Map(layout.layers.map((layer) => [layer.name, layerBytes(layer)]));
  const size = (names: readonly string[]) => names.reduce((sum, name) => sum + (bytes.get(name) ?? 0), 0);
  const always = alwaysTrained(layout);
  const trainable = size([...selectableLayers(layout), ...always]);
  const held = new Map<string, RoundRow['hashes']>();
  const since = new Map<string, number>();
  const sum = { up: 0, down: 0, upIfFull: 0, downIfFull: 0 };
  if (rows.some((row) => row.buffer !== undefined)) {
    for (const { buffer } of rows)
      for (const way of Object.keys(sum) as (keyof typeof sum)[]) sum[way] += buffer?.traffic[way] ?? 0;
    return sum;
  }
  let before: RoundRow['hashes'] | null = null;
  for (const { round, masks, trained, hashes } of rows) {
    // What the first round changed is not seen from the rows.
    const candidate = size(
      before === null
        ? [...always, ...new Set(trained.flatMap((client) => masks[client] ?? []))]
        : changed(before, hashes),
    );
    for (const [client, mask] of Object.entries(masks)) {
      const has = held.get(client);
      // At first the whole model, whatever is trained.
      const all = size(Object.keys(hashes));
      const missed = since.get(client) === round - 1 ? 0 : trainable;
      sum.down += has === undefined || before === null ? all : size(changed(has, before));
      sum.downIfFull += has === undefined ? all : missed;
      // Who is gone before its update has the model that the round began with, and no candidate.
      if (!trained.includes(client)) {
        if (before !== null) held.set(client, before);
        continue;
      }
      sum.up += size([...mask, ...always]);
      sum.upIfFull += trainable;
      sum.down += candidate;
      sum.downIfFull += trainable;
      held.set(client, hashes);
      since.set(client, round);
    }
    before = hashes;
  }
  return sum;
}

const changed = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): string[] =>
  Object.keys(b).filter((name) => a[name] !== b[name]);

/** Of those that are known. */
function meanOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((v) => v !== null);
  return known.length === 0 ? null : known.reduce((a, b) => a + b, 0) / known.length;
}
