import { selectableLayers } from '../../models/layouts.ts';
import type { RunConfig, ScoreKind } from '../../protocol/index.ts';
import { createStrategy, type ScoreKind as ProbedScore, selectionDue } from '../../selection/index.ts';
import { layoutFor } from '../layout.ts';

/** How a round comes to its masks; known before it opens, the same after a restart. */
export interface SelectionPlan {
  /** Whether layers are chosen anew; otherwise the masks of the last choice stay. */
  readonly due: boolean;
  /**
   * Ordinal of the choice, from 1: what a strategy takes for the round. Counted over committed rounds, so that
   * neither an abandoned round nor one that keeps its masks is a turn lost to a strategy that goes by turns.
   */
  readonly turn: number;
  /** What clients are asked to measure; null when the round sends no probe. */
  readonly probe: { readonly score: ScoreKind; readonly times: boolean } | null;
}

/** @param committed rounds of the run that were committed before this one. */
export function selectionPlan(config: RunConfig, committed: number): SelectionPlan {
  const { every } = config.selection;
  const turn = Math.floor(committed / every) + 1;
  const due = selectionDue(committed + 1, every);
  const times = config.budget.unit === 'milliseconds';
  const score = scoreOf(config, turn);
  const hasLayers = selectableLayers(layoutFor(config)).length > 0;
  if (!due || !hasLayers || (score === null && !times)) return { due, turn, probe: null };
  return { due, turn, probe: { score: score ?? 'squared-norm', times } };
}

/** What the strategy wants to know in this turn; null when it decides without. */
function scoreOf({ strategy: config, seed }: RunConfig, turn: number): ProbedScore | null {
  const strategy = createStrategy(config);
  switch (strategy.needs) {
    case 'nothing':
      return null;
    case 'scores':
      return strategy.score;
    case 'history':
      return strategy.wantsScores(turn, seed) ? strategy.score : null;
    default:
      return strategy satisfies never;
  }
}
