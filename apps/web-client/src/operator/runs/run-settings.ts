import type { RunListItem } from '@strata/fl-core/protocol';
import { budgetText } from '../../shared/texts/budget-text.ts';
import { ignoresBudget, strategyText } from '../strategy-text.ts';

/** What tells runs of the same name apart: strategy with its lambda, budget, seed. */
export const runSettings = ({
  strategy,
  budget,
  seed,
}: Pick<RunListItem, 'strategy' | 'budget' | 'seed'>): string =>
  [strategyText(strategy), ...(ignoresBudget(strategy) ? [] : [budgetText(budget)]), `seed ${seed}`].join(
    ' · ',
  );
