import { Group, Input, NumberInput, Radio, SimpleGrid, Slider, Stack, Text } from '@mantine/core';
import type { RunConfig } from '@strata/fl-core/protocol';
import { Panel } from '../../app/Panel.tsx';
import { Choice } from './Choice.tsx';
import type { SectionProps } from './form.ts';
import { lambdaAt, lambdaWords, positionOf } from './lambda.ts';
import { StrategyPicture } from './StrategyPicture.tsx';

type Strategy = RunConfig['strategy'];

const strategies: readonly { readonly value: Strategy; readonly title: string; readonly text: string }[] = [
  {
    value: { name: 'strata', lambda: 1, lambdaScale: 'relative' },
    title: 'Strata',
    text: 'Weighs what matters to each client against agreement between them. λ sets the price of disagreeing.',
  },
  {
    value: { name: 'gradient-norm' },
    title: 'Gradient norm',
    text: 'Every client trains the layers with its own largest gradients, whatever the others do.',
  },
  {
    value: { name: 'full' },
    title: 'Full',
    text: 'Everyone trains everything. The yardstick: the most work and the most bytes.',
  },
];

/** Which layers are trained, by whom. */
export function SelectionSection({ form, catalog }: SectionProps) {
  const { strategy, budget } = form.values;
  const layers = catalog.models.find((m) => m.id === form.values.model)?.layers.length ?? 1;
  const amount = Number(budget.amount) || 0;
  const choose = (name: string) => {
    const chosen = strategies.find((s) => s.value.name === name);
    if (chosen !== undefined) form.setFieldValue('strategy', chosen.value);
  };
  return (
    <Panel
      step={3}
      title="Layer selection"
      hint="The pictures are computed by the strategies themselves, for five imaginary clients and eight layers: the tint is the importance of a layer, a filled square is a trained layer."
    >
      <Stack gap="md">
        <Radio.Group value={strategy.name} onChange={choose} aria-label="Strategy">
          <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="sm">
            {strategies.map(({ value, title, text }) => (
              <Choice
                key={value.name}
                value={value.name}
                title={title}
                text={text}
                picture={
                  <StrategyPicture
                    strategy={value.name === strategy.name ? drawable(strategy) : value}
                    budget={Math.min(8, Math.max(0, Math.round(amount)))}
                  />
                }
              />
            ))}
          </SimpleGrid>
        </Radio.Group>
        {strategy.name === 'strata' && <Lambda form={form} strategy={strategy} />}
        {strategy.name !== 'full' && (
          <NumberInput
            label="Budget"
            description={`Layers that a participant trains in a round, of ${layers}; the head comes on top.`}
            min={0}
            max={layers}
            allowDecimal={false}
            maw={320}
            {...form.getInputProps('budget.amount')}
          />
        )}
      </Stack>
    </Panel>
  );
}

/** A strategy that can be computed while its number field is being typed in. */
function drawable(strategy: Strategy): Strategy {
  if (strategy.name !== 'strata') return strategy;
  const lambda = Number(strategy.lambda);
  return { ...strategy, lambda: Number.isFinite(lambda) && lambda >= 0 ? lambda : 0 };
}

function Lambda({
  form,
  strategy,
}: Pick<SectionProps, 'form'> & { strategy: Extract<Strategy, { name: 'strata' }> }) {
  return (
    <Input.Wrapper
      label="λ, the price of disagreeing"
      description="In units of the mean score, since gradients have no scale of their own."
      labelElement="div"
    >
      <Group gap="lg" mt={6} align="center">
        <Slider
          flex={1}
          miw={180}
          min={0}
          max={1}
          step={0.01}
          value={positionOf(Number(strategy.lambda) || 0)}
          onChange={(position) => form.setFieldValue('strategy', { ...strategy, lambda: lambdaAt(position) })}
          label={(position) => lambdaAt(position)}
          thumbLabel="λ"
        />
        <NumberInput
          aria-label="λ"
          w={90}
          size="sm"
          min={0}
          step={0.1}
          hideControls
          {...form.getInputProps('strategy.lambda')}
        />
      </Group>
      <Text size="sm" mt={6} aria-live="polite">
        {lambdaWords(Number(strategy.lambda) || 0)}
      </Text>
    </Input.Wrapper>
  );
}
