import { Stack } from '@mantine/core';
import { strategyNamed } from '@strata/fl-core/selection';
import { useMemo } from 'react';
import { Panel } from '../../shared/components/Panel.tsx';
import { ignoresBudget } from '../strategy-text.ts';
import { BudgetFields } from './BudgetFields.tsx';
import { largestLayer } from './budgets.ts';
import { chosenModel } from './chosen-model.ts';
import { exampleBudgets, exampleCosts } from './example.ts';
import type { SectionProps } from './form.ts';
import { StrategyCards } from './StrategyCards.tsx';
import { StrategyOptions } from './StrategyOptions.tsx';

/** Which layers are trained, by whom. */
export function SelectionSection({ form, catalog }: SectionProps) {
  const { strategy, budget, seed, model, labels } = form.values;
  const layers = chosenModel(model, catalog)?.layers.length ?? 1;
  const budgets = useMemo(
    () => exampleBudgets(budget, seed, { layers, layerBytes: largestLayer(model, labels.length) }),
    [budget, seed, model, layers, labels.length],
  );
  const costs = useMemo(() => exampleCosts(budget.unit), [budget.unit]);
  return (
    <Panel
      step={3}
      title="Layer selection"
      hint="The pictures are computed by the strategies themselves, for five imaginary participants and eight layers: the tint is the importance of a layer, a filled square is a trained layer."
    >
      <Stack gap="md">
        <StrategyCards
          strategy={strategy}
          budgets={budgets}
          costs={costs}
          scale={form.values.selection.scores}
          onChoose={(chosen) => {
            form.setFieldValue('strategy', chosen);
            // As long as nobody has said how long a choice is kept, that is the strategy's to say.
            if (form.values.selection.every === strategyNamed(strategy.name).keptFor)
              form.setFieldValue('selection.every', strategyNamed(chosen.name).keptFor);
          }}
        />
        <StrategyOptions form={form} />
        {!ignoresBudget(strategy) && <BudgetFields form={form} layers={layers} />}
      </Stack>
    </Panel>
  );
}
