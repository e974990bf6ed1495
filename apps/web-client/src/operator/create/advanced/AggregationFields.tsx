import { NumberInput, Select, SimpleGrid, Text } from '@mantine/core';
import {
  optimizerNamed,
  optimizers,
  type Participation,
  participations,
  type RuleVariant,
  ruleNamed,
  rules,
} from '@strata/fl-core/aggregation';
import type { RunConfig } from '@strata/fl-core/protocol';
import type { ReactNode } from 'react';
import type { ConfigForm } from '../form.ts';
import { OptionInput } from '../OptionInput.tsx';
import { usable } from '../usable.ts';
import { Part } from './Part.tsx';

/** How the server makes one model of the updates. */
export function AggregationFields({ form }: { form: ConfigForm }) {
  const { rule: ruleConfig, optimizer: optimizerConfig, participation } = form.values.aggregation;
  const goal = Number(form.values.cohort.goal) || 0;
  const rule = ruleNamed(ruleConfig.name);
  const optimizer = optimizerNamed(optimizerConfig.name);
  return (
    <Part
      title="Aggregation"
      text="How the server makes one change of a layer from those that participants send, and takes it over."
    >
      <SimpleGrid cols={{ base: 1, xs: 3 }}>
        <Select
          label="Rule"
          data={choices(rules)}
          value={rule.name}
          onChange={(value) => {
            const chosen = rules.find((r) => r.name === value);
            if (chosen !== undefined) form.setFieldValue('aggregation.rule', chosen.startConfig(goal));
          }}
          allowDeselect={false}
        />
        {rule.fields.map((field) => (
          <OptionInput
            key={field.option}
            form={form}
            path="aggregation.rule"
            options={rule.options}
            field={field}
          />
        ))}
        <WeightCap form={form} />
      </SimpleGrid>
      <Note>
        {rule.text}
        {demandNote(rule, ruleConfig, goal)}
      </Note>
      <SimpleGrid cols={{ base: 1, xs: 3 }} mt="xs">
        <Select
          label="Server optimizer"
          data={choices(optimizers)}
          value={optimizer.name}
          onChange={(value) => {
            const chosen = optimizers.find((o) => o.name === value);
            if (chosen !== undefined) form.setFieldValue('aggregation.optimizer', chosen.startConfig());
          }}
          allowDeselect={false}
        />
        {optimizer.fields.map((field) => (
          <OptionInput
            key={field.option}
            form={form}
            path="aggregation.optimizer"
            options={optimizer.options}
            field={field}
          />
        ))}
      </SimpleGrid>
      <Note>{optimizer.text}</Note>
      <SimpleGrid cols={{ base: 1, xs: 3 }} mt="xs">
        <Select
          label="Layers that few trained"
          description="Their step in a round"
          data={participations.map((value) => ({ value, label: participationTexts[value].label }))}
          value={participation}
          onChange={(value) => {
            const chosen = participations.find((p) => p === value);
            if (chosen !== undefined) form.setFieldValue('aggregation.participation', chosen);
          }}
          allowDeselect={false}
        />
      </SimpleGrid>
      <Note>{participationTexts[participation].text}</Note>
    </Part>
  );
}

const participationTexts: Readonly<Record<Participation, { label: string; text: string }>> = {
  none: { label: 'Whole', text: 'Whoever trained a layer moves it as if all others had done the same.' },
  share: {
    label: 'By their share',
    text: 'Participants that did not train a layer count as if they had left it as it was.',
  },
  harmonic: {
    label: 'In between',
    text: '2ρ/(1 + ρ) of the step, where ρ is the share of those who trained the layer.',
  },
};

/** An empty field is a valid one here: what is declared then counts wholly. */
function WeightCap({ form }: { form: ConfigForm }) {
  const { onChange, value, ...field } = form.getInputProps('aggregation.weightCap');
  return (
    <NumberInput
      label="Largest weight"
      description="Samples, in those of the median participant; empty: as many as it declares"
      placeholder="as declared"
      min={1}
      step={0.5}
      {...field}
      value={value ?? ''}
      onChange={(typed) => onChange(typed === '' ? null : typed)}
    />
  );
}

function Note({ children }: { children: ReactNode }) {
  return (
    <Text size="sm" c="dimmed">
      {children}
    </Text>
  );
}

/** How many updates the rule needs, as it stands while it is being typed in. */
function demandNote(rule: RuleVariant, typed: RunConfig['aggregation']['rule'], goal: number): string {
  const { name, options } = rule;
  const demand = rule.demand({ name, ...usable(options, rule.startConfig(goal), typed) }, goal);
  return demand === null ? '' : ` ${demand.note}`;
}

const choices = (variants: readonly { readonly name: string; readonly title: string }[]) =>
  variants.map(({ name, title }) => ({ value: name, label: title }));
