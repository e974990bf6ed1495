import { Badge } from '@mantine/core';
import type { RoundSummary, RunConfig } from '@strata/fl-core/protocol';
import { createStrategy, measuredScore, strategyNamed } from '@strata/fl-core/selection';
import { MetricPanel } from '../MetricPanel.tsx';
import { everProbes } from '../phases.ts';
import { agreementChart, clientsChart, lambdaChart, priceChart, solverChart } from './charts.ts';
import { solverRecord } from './rounds.ts';

type Rounds = readonly RoundSummary[];

interface DiagnosticsProps {
  readonly rounds: Rounds;
  readonly config: RunConfig;
}

/** What the choice of layers costs and brings (docs/design.md, 7), each beside the loss. */
export function Diagnostics({ rounds, config }: DiagnosticsProps) {
  return (
    <>
      <MetricPanel
        title="Price of the choice"
        text="Why λ matters: a larger one lowers E2 and may raise E1."
        hint="E1: importance of the layers that nobody trained. E2: disagreement about those that were trained, as far as it slows learning down. Both are error terms of the convergence bound (arXiv 2408.15600, Theorem 1)."
        rounds={rounds}
        has={(r) => r.e1 !== null || r.e2 !== null}
        draw={priceChart}
        empty={priceless(config)}
        testId="price"
      />
      <MetricPanel
        title="Agreement and importance"
        text="How alike the masks are, and how much of what matters to participants they train. λ trades one for the other."
        hint="Agreement: pairs of participants that share a layer over pairs of which at least one has it. Covered: share of the participants’ scores that lies in their own masks; unknown without scores."
        rounds={rounds}
        has={(r) => r.agreement !== null}
        draw={agreementChart}
        empty="Appears when the first round has chosen its layers."
        testId="agreement"
      />
      <MetricPanel
        title="Participants behind a layer"
        text="A layer that few train follows their data alone; agreement puts more participants behind it."
        hint="Effective number of participants, by the weights of their samples: 3 participants of equal size count 3, one large and two tiny ones little more than 1. The heatmap’s view “Participants” shows it for every layer."
        rounds={rounds}
        has={(r) => Object.values(r.effectiveClients).some((n) => n > 0)}
        draw={clientsChart}
        empty="Appears when the first round has chosen its layers."
        testId="effective-clients"
      />
      {strategyNamed(config.strategy.name).solver && <Solver rounds={rounds} />}
      {choosesLambda(config.strategy) && (
        <MetricPanel
          title="λ of each round"
          text="The price of disagreeing whose masks had the smallest estimated error, in units of the mean score."
          hint="P1 is solved for λ from 0, where everyone trains its own best layers, up to where one common set is the best. Of all these masks those with the smallest E1 + E2 are taken, estimated before training from the participants’ scores; of equals, those of the smaller λ."
          rounds={rounds}
          has={(r) => (r.solved?.lambda ?? null) !== null}
          draw={lambdaChart}
          empty="Appears when the first round has chosen its layers."
          testId="lambda"
        />
      )}
    </>
  );
}

const choosesLambda = (strategy: RunConfig['strategy']): boolean =>
  strategy.name === 'strata' && strategy.lambdaScale === 'auto';

/** Why there is no price of the choice, or not yet: it is counted when a round is committed, in squared norms. */
function priceless({ strategy, budget, local, privacy }: RunConfig): string {
  if (!everProbes({ strategy, budget })) {
    return 'This strategy asks for no scores, so there is nothing to weigh.';
  }
  if (privacy.kind === 'client' && privacy.figures.kind !== 'reported') {
    return 'Follows from scores as participants measure them, which this run’s bound would not cover: nobody is told it.';
  }
  const chosen = createStrategy(strategy);
  const score = chosen.needs === 'nothing' ? null : measuredScore(chosen.score, local.optimizer.name);
  return score === null || score === 'squared-norm'
    ? 'Appears when the first round is committed.'
    : `E1 and E2 are sums of squared norms; this run measures layers by ${score}.`;
}

function Solver({ rounds }: { rounds: Rounds }) {
  const record = solverRecord(rounds);
  const allProved = rounds.every((r) => r.solved?.proved ?? true);
  return (
    <MetricPanel
      title="Solver"
      text="Value of the chosen masks, and the most that any masks could reach. Where both meet, none are better."
      hint="The objective of P1 (importance less λ times disagreement), before participants with room left take further layers, beside the solver’s upper bound. Its effort is limited, so that large cohorts may get masks that are good but not proved best."
      rounds={rounds}
      has={(r) => r.solved !== null}
      draw={solverChart}
      empty="Appears when the first round has chosen its layers."
      controls={
        record !== null && (
          <Badge variant="light" tt="none" color={allProved ? 'tide' : 'ochre'} data-testid="solver-record">
            {record}
          </Badge>
        )
      }
      testId="solver"
    />
  );
}
