import { NumberInput, Select, SimpleGrid, Stack, Text } from '@mantine/core';
import { amountText } from '../../shared/texts/budget-text.ts';
import {
  type BudgetKind,
  type BudgetUnit,
  budgetKinds,
  budgetUnits,
  changeBudget,
  heldByWork,
  largestAmount,
  largestLayer,
  type ModelSize,
  unitsOf,
} from './budgets.ts';
import type { ConfigForm } from './form.ts';

interface BudgetFieldsProps {
  readonly form: ConfigForm;
  /** How many layers the model has to choose from. */
  readonly layers: number;
}

/** What a participant can afford a round: who decides, in which unit, how much. */
export function BudgetFields({ form, layers }: BudgetFieldsProps) {
  const { budget, model, labels } = form.values;
  const size = { layers, layerBytes: largestLayer(model, labels.length) };
  const change = (next: { kind?: BudgetKind; unit?: BudgetUnit }) => {
    const { kind, unit } = budget;
    form.setFieldValue('budget', changeBudget(budget, { kind, unit, ...next }, size));
  };
  return (
    <Stack gap={6}>
      <SimpleGrid cols={{ base: 1, xs: 2 }} verticalSpacing="sm">
        <Select
          label="Budget"
          data={Object.entries(budgetKinds).map(([value, { label }]) => ({ value, label }))}
          value={budget.kind}
          onChange={(value) => {
            const kind = Object.keys(budgetKinds).find((k): k is BudgetKind => k === value);
            if (kind !== undefined) change({ kind });
          }}
          allowDeselect={false}
        />
        <Select
          label="Counted in"
          data={unitsOf(budget.kind).map((value) => ({ value, label: budgetUnits[value].label }))}
          value={budget.unit}
          onChange={(value) => {
            const unit = unitsOf(budget.kind).find((u) => u === value);
            if (unit !== undefined) change({ unit });
          }}
          allowDeselect={false}
        />
        <Amounts form={form} layers={layers} />
      </SimpleGrid>
      <Text size="sm" c="dimmed">
        {budgetKinds[budget.kind].text} {unitText(form.values, size)}
      </Text>
    </Stack>
  );
}

function unitText(values: ConfigForm['values'], { layers, layerBytes }: ModelSize): string {
  const { budget } = values;
  const { unit } = budget;
  switch (unit) {
    case 'layers':
      return `The model has ${layers} layers to choose from; the head comes on top.`;
    case 'bytes':
      return `Counts what is sent; a layer of this model is at most ${amountText(layerBytes, 'bytes')}. The head comes on top.`;
    case 'compute':
      return `Counts the work of training beyond the head and the forward pass, the way down to the lowest layer included: 100 % trains all layers. ${heldText(values, layers)}`;
    case 'milliseconds':
      return 'Counts training time, which every participant measures on its device before layers are chosen.';
    default:
      return unit satisfies never;
  }
}

function heldText(values: ConfigForm['values'], layers: number): string {
  const amount = Number(largestAmount(values.budget)) || 0;
  const held = heldByWork(values, amount);
  const share = amountText(amount, 'compute');
  if (held === null) return `This is ${share}.`;
  return `This is ${share}: of ${layers} it holds ${held.top || 'none'} from the output down, or ${held.bottom || 'none'} from the input up.`;
}

function Amounts({ form, layers }: BudgetFieldsProps) {
  const { budget } = form.values;
  switch (budget.kind) {
    case 'fixed':
      return (
        <Amount form={form} layers={layers} path="amount" label="Amount a round" value={budget.amount} />
      );
    case 'participant':
      return (
        <Amount
          form={form}
          layers={layers}
          path="fallback"
          label="Who says nothing gets"
          value={budget.fallback}
        />
      );
    case 'drawn':
      return (
        <>
          <Amount form={form} layers={layers} path="min" label="At least" value={budget.min} />
          <Amount form={form} layers={layers} path="max" label="At most" value={budget.max} />
          <Select
            label="Distribution"
            data={[
              { value: 'half-normal', label: 'Half-normal: most are weak' },
              { value: 'uniform', label: 'Uniform: all alike' },
            ]}
            allowDeselect={false}
            {...form.getInputProps('budget.distribution')}
          />
        </>
      );
    case 'adaptive':
      return (
        <>
          <NumberInput label="Deadline" suffix=" s" min={1} {...form.getInputProps('budget.deadline')} />
          <Amount form={form} layers={layers} path="first" label="In its first round" value={budget.first} />
          <Amount form={form} layers={layers} path="max" label="At most" value={budget.max} />
        </>
      );
    default:
      return budget satisfies never;
  }
}

interface AmountProps extends BudgetFieldsProps {
  readonly path: 'amount' | 'fallback' | 'min' | 'max' | 'first';
  readonly label: string;
  /** In the budget's unit; text while it is being typed in. */
  readonly value: number | string;
}

/** Bytes and milliseconds are typed in as megabytes and seconds. */
function Amount({ form, layers, path, label, value }: AmountProps) {
  const { unit } = form.values.budget;
  const { scale, suffix } = budgetUnits[unit];
  const { onChange, ...field } = form.getInputProps(`budget.${path}`);
  return (
    <NumberInput
      label={label}
      min={0}
      {...(unit === 'layers' && { max: layers, allowDecimal: false })}
      {...(unit === 'compute' && { max: 100 })}
      {...field}
      suffix={suffix}
      value={typeof value === 'number' ? value / scale : value}
      onChange={(typed) => onChange(typeof typed === 'number' ? Math.round(typed * scale) : typed)}
    />
  );
}
