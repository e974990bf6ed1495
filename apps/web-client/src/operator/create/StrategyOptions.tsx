import { Box, SimpleGrid } from '@mantine/core';
import { strategyNamed } from '@strata/fl-core/selection';
import type { ConfigForm } from './form.ts';
import { OptionInput } from './OptionInput.tsx';

/** What the chosen strategy leaves open; nothing for most. */
export function StrategyOptions({ form }: { form: ConfigForm }) {
  const { options, fields: all } = strategyNamed(form.values.strategy.name);
  const fields = all.filter((field) => !field.advanced);
  const inputs = fields.map((field) => (
    <OptionInput key={field.option} form={form} path="strategy" options={options} field={field} />
  ));
  if (fields.length > 1) return <SimpleGrid cols={{ base: 1, xs: 3 }}>{inputs}</SimpleGrid>;
  return fields.some((field) => field.kind === 'number') ? <Box maw={320}>{inputs}</Box> : inputs;
}
