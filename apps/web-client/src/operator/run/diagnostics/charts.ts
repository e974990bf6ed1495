import type { RoundSummary } from '@strata/fl-core/protocol';
import { percent, score } from '../../../shared/texts/format.ts';
import type { ChartAxis, ChartLine, RoundChart } from '../charts/round-chart.ts';
import { effectiveClients } from './rounds.ts';

type Rounds = readonly RoundSummary[];
type OwnLine = Omit<ChartLine, 'axis'>;

/** What the charts below share: their lines on the left axis, and the held-out loss, dashed, on the right one. */
const besideLoss = (rounds: Rounds, left: ChartAxis, lines: readonly OwnLine[]): RoundChart => ({
  rounds: rounds.map(({ round }) => round),
  left,
  right: { name: 'loss', format: score, from: 'values' },
  lines: [
    ...lines.map((line) => ({ ...line, axis: 'left' as const })),
    {
      name: 'Held-out loss',
      values: rounds.map((r) => r.loss),
      color: 'quiet',
      axis: 'right',
      look: 'dashed',
    },
  ],
});

/** E1 and E2 (docs/design.md, 7). */
export const priceChart = (rounds: Rounds): RoundChart =>
  besideLoss(rounds, { name: 'error term', format: score, from: 0 }, [
    { name: 'E1', values: rounds.map((r) => r.e1), color: 'accent' },
    { name: 'E2', values: rounds.map((r) => r.e2), color: 'primary' },
  ]);

/** How alike the masks are, and the share of importance that lies in them. */
export const agreementChart = (rounds: Rounds): RoundChart =>
  besideLoss(rounds, { name: 'share', format: (v) => percent(v, 0), from: 0, max: 1 }, [
    { name: 'Agreement', values: rounds.map((r) => r.agreement), color: 'primary' },
    { name: 'Covered', values: rounds.map((r) => r.covered), color: 'accent' },
  ]);

/** Effective number of clients a trained layer: the mean, and the layer that fewest stand behind. */
export function clientsChart(rounds: Rounds): RoundChart {
  const values = rounds.map(effectiveClients);
  return besideLoss(rounds, { name: 'participants', format: score, from: 0 }, [
    { name: 'Mean of layers', values: values.map((v) => v?.mean ?? null), color: 'primary' },
    { name: 'Fewest', values: values.map((v) => v?.fewest ?? null), color: 'accent' },
  ]);
}

/** P1's value and its upper bound: the masks are proved best where they meet. */
export const solverChart = (rounds: Rounds): RoundChart =>
  besideLoss(rounds, { name: 'objective', format: score, from: 0 }, [
    {
      name: 'Best possible',
      values: rounds.map((r) => r.solved?.bound ?? null),
      color: 'accent',
      look: 'ringed',
    },
    { name: 'Masks', values: rounds.map((r) => r.solved?.objective ?? null), color: 'primary' },
  ]);

/** The price of disagreeing that each round took, in units of the mean score. */
export const lambdaChart = (rounds: Rounds): RoundChart =>
  besideLoss(rounds, { name: 'λ', format: score, from: 0 }, [
    { name: 'λ', values: rounds.map((r) => r.solved?.lambda ?? null), color: 'primary' },
  ]);
