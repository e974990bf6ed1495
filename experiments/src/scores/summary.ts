import { type Interval, intervalOf } from '../statistics/interval.ts';
import { kendall, spearman } from '../statistics/ranks.ts';
import type { Scores } from './measure-scores.ts';

/** Scores of every layer beside what training the layer really brought. */
export interface Measured {
  /** Whose measurements are not independent of each other: one client of one seed, say. */
  readonly unit: string;
  readonly scores: Scores;
  /** One a layer. */
  readonly decrease: readonly number[];
}

/** How well one score predicts, the mean over units of their means over rounds. */
export interface Prediction {
  readonly score: string;
  /** Rank correlations with the decrease over the layers; a score that is the same for all layers counts as 0. */
  readonly spearman: Interval;
  readonly kendall: Interval;
  /** Decrease by the best layers less that by the layers that the score puts first. */
  readonly regret: Interval;
  /** What the chosen layers bring of what the best ones do, over all measurements; null where those bring nothing. */
  readonly kept: number | null;
  /** What part of a client's sum the layer has that the score puts first; budgets and lambda weigh by it. */
  readonly largest: number;
}

/**
 * The last one is the decrease itself, for what is to be compared with it.
 * @param choose how many layers are chosen.
 */
export function predictions(measured: readonly Measured[], choose: number): Prediction[] {
  const names = [...Object.keys(measured[0]?.scores ?? {}), truth];
  return names.map((score) => {
    const rows = measured.map(({ unit, scores, decrease }) => {
      const values = score === truth ? decrease : scores[score]!;
      return {
        unit,
        spearman: spearman(values, decrease) ?? 0,
        kendall: kendall(values, decrease) ?? 0,
        best: sumOfFirst(decrease, decrease, choose),
        chosen: sumOfFirst(values, decrease, choose),
        largest:
          Math.max(...values) /
          Math.max(
            Number.MIN_VALUE,
            values.reduce((s, v) => s + Math.abs(v), 0),
          ),
      };
    });
    const over = (value: (row: (typeof rows)[number]) => number) => overUnits(rows, value);
    const total = (value: (row: (typeof rows)[number]) => number) => rows.reduce((s, r) => s + value(r), 0);
    return {
      score,
      spearman: over((r) => r.spearman),
      kendall: over((r) => r.kendall),
      regret: over((r) => r.best - r.chosen),
      kept: total((r) => r.best) > 0 ? total((r) => r.chosen) / total((r) => r.best) : null,
      largest: over((r) => r.largest).mean,
    };
  });
}

/**
 * The sum of `decrease` over the `choose` layers of highest `values`. Where several are equal, what is to be expected
 * of a draw among them.
 */
export function sumOfFirst(values: readonly number[], decrease: readonly number[], choose: number): number {
  const order = [...values.keys()].sort((a, b) => values[b]! - values[a]!);
  const last = values[order[Math.min(choose, order.length) - 1]!]!;
  const sure = order.filter((l) => values[l]! > last);
  const tied = order.filter((l) => values[l] === last);
  const sum = (layers: readonly number[]) => layers.reduce((s, l) => s + decrease[l]!, 0);
  return sum(sure) + (sum(tied) * (Math.min(choose, order.length) - sure.length)) / tied.length;
}

const truth = 'the decrease itself';

function overUnits<Row extends { readonly unit: string }>(
  rows: readonly Row[],
  value: (row: Row) => number,
): Interval {
  const units = new Map<string, number[]>();
  for (const row of rows) units.set(row.unit, [...(units.get(row.unit) ?? []), value(row)]);
  const means = [...units.values()].map((all) => all.reduce((a, b) => a + b, 0) / all.length);
  const interval = intervalOf(means);
  if (interval === null) throw new RangeError('Nothing was measured.');
  return interval;
}

const figure = ({ mean, margin }: Interval, digits: number): string =>
  `${mean.toFixed(digits)}${margin === null ? '' : ` ± ${margin.toFixed(digits)}`}`;

/** As a table for people: one row a score. */
export const shown = (all: readonly Prediction[]): Record<string, Record<string, string>> =>
  Object.fromEntries(
    all.map(({ score, ...p }) => [
      score,
      {
        Spearman: figure(p.spearman, 2),
        Kendall: figure(p.kendall, 2),
        regret: figure(p.regret, 4),
        kept: p.kept === null ? '' : `${(100 * p.kept).toFixed(0)} %`,
        largest: p.largest.toFixed(2),
      },
    ]),
  );

/** What was seen of a global model, as far as tables need it. */
export interface Seen {
  readonly seed: number;
  readonly round: number;
  readonly clients: readonly (Brought & {
    readonly samples: number;
    readonly scores: Scores;
    readonly again: Brought | null;
  })[];
  readonly joint: Scores;
  readonly common: readonly number[];
  readonly commonAgain: readonly number[] | null;
}

interface Brought {
  readonly own: readonly number[];
  readonly pooled: readonly number[];
}

/** The same training on other batches: no score can be expected to predict better. */
const withTruth = (scores: Scores, again: readonly number[] | null | undefined): Scores =>
  again ? { ...scores, 'trained again': again } : scores;

/**
 * How well every score predicts, by what it is to predict and in which rounds: `own`, the decrease on the client's own
 * held-out data; `pooled`, on everybody's; `pooled, by mean scores`, the same by the scores that all clients have on
 * average; `common`, the decrease on everybody's by the average of all clients' updates, by those scores and the joint ones.
 */
export function predictionsOf(seen: readonly Seen[], choose = 2): Record<string, Prediction[]> {
  const rounds = [...new Set(seen.map(({ round }) => round))].sort((a, b) => a - b);
  const when: [string, readonly Seen[]][] = [['all rounds', seen]];
  if (rounds.length > 1) {
    for (const round of rounds) when.push([`round ${round}`, seen.filter((s) => s.round === round)]);
  }
  const tables = when.flatMap(([words, some]): [string, Measured[]][] => [
    [`own, ${words}`, byClient(some, 'own', false)],
    [`pooled, ${words}`, byClient(some, 'pooled', false)],
    [`pooled by mean scores, ${words}`, byClient(some, 'pooled', true)],
    [
      `common, ${words}`,
      some.map((s) => ({
        unit: `${s.seed} ${s.round}`,
        scores: withTruth({ ...meanScores(s), ...s.joint }, s.commonAgain),
        decrease: s.common,
      })),
    ],
  ]);
  return Object.fromEntries(tables.map(([title, measured]) => [title, predictions(measured, choose)]));
}

function byClient(seen: readonly Seen[], decrease: 'own' | 'pooled', mean: boolean): Measured[] {
  return seen.flatMap((s) => {
    const common = mean ? meanScores(s) : null;
    return s.clients.map((client, i) => ({
      unit: `${s.seed} ${i}`,
      scores: common ?? withTruth(client.scores, client.again?.[decrease]),
      decrease: client[decrease],
    }));
  });
}

/** The clients' scores as shares of their own sums, weighted by samples, as strategies weigh them. */
function meanScores({ clients }: Seen): Scores {
  const total = clients.reduce((n, { samples }) => n + samples, 0);
  const names = Object.keys(clients[0]?.scores ?? {});
  return Object.fromEntries(
    names.map((name) => {
      const rows = clients.map(({ scores, samples }) => {
        const row = scores[name]!;
        const sum = row.reduce((s, v) => s + Math.abs(v), 0);
        return row.map((v) => (sum === 0 ? 0 : ((v / sum) * samples) / total));
      });
      return [name, rows[0]!.map((_, l) => rows.reduce((s, row) => s + row[l]!, 0))];
    }),
  );
}
