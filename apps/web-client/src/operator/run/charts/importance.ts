import type { LayerView, RoundSummary } from '@strata/fl-core/protocol';
import { percent, score } from '../../../shared/texts/format.ts';

/** What the heatmap's cells stand for. */
export const measures = ['share', 'value', 'trained', 'effective'] as const;
export type Measure = (typeof measures)[number];

export interface ImportanceCell {
  readonly round: number;
  readonly layer: string;
  /** Exactly what the server holds: mean score, number of clients that trained the layer, or effective number. */
  readonly value: number;
  /** The value in words. */
  readonly text: string;
  /** Position on the colour ramp, in [0, 1]. */
  readonly shade: number;
}

export interface ImportanceMatrix {
  /** Rounds that have a value, ascending. */
  readonly rounds: readonly number[];
  /** Layers in forward order. */
  readonly layers: readonly string[];
  readonly cells: readonly ImportanceCell[];
  /** What the two ends of the colour ramp stand for. */
  readonly ends: readonly [low: string, high: string];
}

/**
 * Layer x round. `share` shades a cell by its part of the round's total (squared norms shrink as training goes
 * on, so only shares compare across rounds), `value` by the score, both by their logarithms: where one layer has nearly
 * everything, the others still differ. `trained` shades by the part of the cohort that trained the layer, `effective`
 * by the layer's effective number of clients over the cohort. The cell's value is never rounded.
 */
export function importanceMatrix(
  rounds: readonly RoundSummary[],
  layers: readonly LayerView[],
  measure: Measure,
): ImportanceMatrix {
  const names = layers.filter((l) => l.role === 'block').map((l) => l.name);
  const shown = rounds.filter((r) => names.some((name) => valuesOf(r, measure)[name] !== undefined));
  const { ends, shade, text } = scaleOf(shown, names, measure);
  const cells = shown.flatMap((round) =>
    names.flatMap((layer) => {
      const value = valuesOf(round, measure)[layer];
      if (value === undefined) return [];
      return [{ round: round.round, layer, value, text: text(value, round), shade: shade(value, round) }];
    }),
  );
  return { rounds: shown.map((r) => r.round), layers: names, cells, ends };
}

function valuesOf(round: RoundSummary, measure: Measure): Readonly<Record<string, number>> {
  switch (measure) {
    case 'share':
    case 'value':
      return round.importance;
    case 'trained':
      return round.trainedBy;
    case 'effective':
      return round.effectiveClients;
    default:
      return measure satisfies never;
  }
}

interface Scale extends Pick<ImportanceMatrix, 'ends'> {
  readonly shade: (value: number, round: RoundSummary) => number;
  readonly text: (value: number, round: RoundSummary) => string;
}

function scaleOf(rounds: readonly RoundSummary[], layers: readonly string[], measure: Measure): Scale {
  const scores = (round: RoundSummary) => layers.map((l) => round.importance[l] ?? 0);
  switch (measure) {
    case 'share': {
      const totals = new Map(rounds.map((r) => [r, sum(scores(r))]));
      const share = (value: number, round: RoundSummary) => value / (totals.get(round) || 1);
      const { low, high, shade } = logarithmic(rounds.flatMap((r) => scores(r).map((v) => share(v, r))));
      return {
        ends: [`${percent(low)} of its round, or less`, `${percent(high)}, logarithmic`],
        shade: (value, round) => shade(share(value, round)),
        text: (value, round) => `${percent(share(value, round))} of the round, mean score ${score(value)}`,
      };
    }
    case 'value': {
      const { low, high, shade } = logarithmic(rounds.flatMap(scores));
      return {
        ends: [`score ${score(low)} or less`, `${score(high)}, logarithmic`],
        shade,
        text: (value) => `mean score ${score(value)}`,
      };
    }
    case 'trained':
      return {
        ends: ['trained by nobody', 'by the whole cohort'],
        shade: ofCohort,
        text: (value, { cohort }) => `trained by ${value} of ${cohort}`,
      };
    case 'effective':
      return {
        ends: ['nobody’s data', 'everybody’s, evenly'],
        shade: ofCohort,
        text: (value) => `${Number(value.toPrecision(3))} effective participants`,
      };
    default:
      return measure satisfies never;
  }
}

const ofCohort = (value: number, { cohort }: RoundSummary) => value / Math.max(1, cohort);

/** Powers of ten that the ramp spans: at least one, so that like values look alike, and no more than can be told apart. */
const leastDecades = 1;
const mostDecades = 4;

/** Where the ramp of what is not nothing begins. */
const something = 0.1;

/** From the smallest positive value to the largest; nothing is a shade of its own. */
function logarithmic(values: readonly number[]) {
  const positive = values.filter((v) => v > 0);
  if (positive.length === 0) return { low: 0, high: 0, shade: () => 0 };
  // In logarithms: a score may be as small as numbers go.
  const high = Math.log10(Math.max(...positive));
  const least = Math.log10(Math.min(...positive));
  const span = Math.min(mostDecades, Math.max(leastDecades, high - least));
  return {
    low: 10 ** (high - span),
    high: 10 ** high,
    shade: (value: number) => {
      if (value <= 0) return 0;
      const part = Math.min(1, Math.max(0, (Math.log10(value) - high + span) / span));
      return something + (1 - something) * part;
    },
  };
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
