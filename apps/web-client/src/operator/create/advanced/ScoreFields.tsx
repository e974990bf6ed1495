import { Input, NumberInput, SegmentedControl, SimpleGrid } from '@mantine/core';
import { strategyNamed } from '@strata/fl-core/selection';
import type { ConfigForm } from '../form.ts';
import { OptionInput } from '../OptionInput.tsx';
import { Part } from './Part.tsx';

/** How often layers are chosen, and how much is measured for it. */
export function ScoreFields({ form }: { form: ConfigForm }) {
  const { options, fields: all } = strategyNamed(form.values.strategy.name);
  const fields = all.filter((field) => field.advanced);
  return (
    <Part title="Scores and choices" text="How often layers are chosen anew, and from how much measuring.">
      <SimpleGrid cols={{ base: 1, xs: 3 }}>
        <NumberInput
          label="Rounds a choice is kept"
          description="1: chosen anew every round"
          allowDecimal={false}
          min={1}
          {...form.getInputProps('selection.every')}
        />
        <NumberInput
          label="Share of new scores"
          description="1: the newest count alone"
          min={0}
          max={1}
          step={0.1}
          {...form.getInputProps('selection.smoothing')}
        />
        <NumberInput
          label="Probe batches"
          description="More: steadier, slower"
          allowDecimal={false}
          min={1}
          {...form.getInputProps('local.probeBatches')}
        />
        <Input.Wrapper
          label="Scores compare"
          labelElement="div"
          description="As shares, nobody steers the others by large numbers"
        >
          <SegmentedControl
            fullWidth
            aria-label="Scores compare"
            data={[
              { value: 'share', label: 'As shares' },
              { value: 'raw', label: 'As they are' },
            ]}
            {...form.getInputProps('selection.scores')}
          />
        </Input.Wrapper>
        {fields.map((field) => (
          <OptionInput key={field.option} form={form} path="strategy" options={options} field={field} />
        ))}
      </SimpleGrid>
    </Part>
  );
}
