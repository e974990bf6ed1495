import { selectableLayers } from '../../models/layouts.ts';
import type { RunConfig, ScoreKind } from '../../protocol/index.ts';
import { createStrategy, measuredScore, selectionDue } from '../../selection/index.ts';
import { layoutFor } from '../layout.ts';
import { isHeadAlone, trainedOf } from '../warm-up.ts';

/** How a round comes to its masks; known before it opens, the same after a restart. */
export interface SelectionPlan {
  /** Whether the head alone is made, in its warm start or anew: nothing is chosen and nobody probed. */
  readonly warmUp: boolean;
  /** Whether layers are chosen anew; otherwise the masks of the last choice stay. */
  readonly due: boolean;
  /**
   * Ordinal of the choice, from 1: what a strategy takes for the round. Counted over the committed rounds that train
   * layers, so that neither one of the head alone, an abandoned round nor one that keeps its masks is a turn lost to a
   * strategy that goes by turns.
   */
  readonly turn: number;
  /** Committed rounds that trained layers since those were last chosen, that one included; 0 where they are chosen now. */
  readonly since: number;
  /** What clients are asked to measure; null when the round sends no probe. */
  readonly probe: { readonly score: ScoreKind; readonly times: boolean } | null;
}

/** @param committed rounds of the run that were committed before this one. */
export function selectionPlan(config: RunConfig, committed: number): SelectionPlan {
  if (isHeadAlone(config, committed)) return { warmUp: true, due: false, turn: 1, since: 0, probe: null };
  const { every } = config.selection;
  const before = trainedOf(config, committed);
  const turn = Math.floor(before / every) + 1;
  const due = selectionDue(before + 1, every);
  const counted = { warmUp: false, due, turn, since: before % every };
  const times = config.budget.unit === 'milliseconds';
  const score = scoreOf(config, turn);
  // Nobody tells its own scores in a sealed run: their sum comes with the updates of the round before.
  if (config.aggregation.sealing.kind === 'sealed') return { ...counted, probe: null };
  const hasLayers = selectableLayers(layoutFor(config)).length > 0;
  if (!due || !hasLayers || (score === null && !times)) return { ...counted, probe: null };
  return { ...counted, probe: { score: score ?? 'squared-norm', times } };
}

/** What the strategy wants to know in this turn; null when it decides without. */
function scoreOf({ strategy: config, seed, local }: RunConfig, turn: number): ScoreKind | null {
  const strategy = createStrategy(config);
  switch (strategy.needs) {
    case 'nothing':
      return null;
    case 'scores':
      return measuredScore(strategy.score, local.optimizer.name);
    case 'history':
      return strategy.wantsScores(turn, seed) ? measuredScore(strategy.score, local.optimizer.name) : null;
    default:
      return strategy satisfies never;
  }
}
