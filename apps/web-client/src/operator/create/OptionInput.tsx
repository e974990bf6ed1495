import { Group, Input, NumberInput, SegmentedControl, Slider, Text } from '@mantine/core';
import {
  type ChoiceField,
  limitsOf,
  mayBeAbsent,
  type NumberField,
  type OptionField,
  type Options,
  type PriceField,
} from '@strata/fl-core/variants';
import type { ConfigForm } from './form.ts';
import { lambdaAt, positionOf } from './lambda.ts';

interface OptionInputProps<F extends OptionField = OptionField> {
  readonly form: ConfigForm;
  /** Where the variant's configuration stands in the run's. */
  readonly path: 'task' | 'strategy' | 'aggregation.rule' | 'aggregation.optimizer';
  /** The variant's, whose bounds the field has. */
  readonly options: Options;
  readonly field: F;
}

/** One option of a task, a strategy, a rule or an optimizer, as its file describes it. */
export function OptionInput({ field, ...props }: OptionInputProps) {
  switch (field.kind) {
    case 'number':
      return <NumberOption {...props} field={field} />;
    case 'price':
      return <Price {...props} field={field} />;
    case 'choice':
      return <ChoiceOption {...props} field={field} />;
    default:
      return field satisfies never;
  }
}

function NumberOption({ form, path, options, field }: OptionInputProps<NumberField>) {
  const { value, onChange, ...input } = form.getInputProps(`${path}.${field.option}`);
  const schema = options[field.option];
  return (
    <NumberInput
      label={field.label}
      description={field.description}
      step={field.step}
      {...(field.unit === undefined ? {} : { suffix: ` ${field.unit}` })}
      decimalScale={8}
      {...bounds(options, field)}
      {...input}
      value={value ?? ''}
      onChange={(typed) => onChange(typed === '' && schema && mayBeAbsent(schema) ? undefined : typed)}
    />
  );
}

/** A number between nothing and much, to slide or to type, with what it does in words. */
function Price({ form, path, options, field }: OptionInputProps<PriceField>) {
  const input = form.getInputProps(`${path}.${field.option}`);
  const value = Number(input.value) || 0;
  const { description } = field;
  return (
    <Input.Wrapper
      label={field.label}
      description={typeof description === 'string' ? description : description(configAt(form, path))}
      labelElement="div"
    >
      <Group gap="lg" mt={6} align="center">
        <Slider
          flex={1}
          miw={180}
          min={0}
          max={1}
          step={0.01}
          value={positionOf(value)}
          onChange={(position) => input.onChange(lambdaAt(position))}
          label={(position) => lambdaAt(position)}
          thumbLabel={field.short}
        />
        <NumberInput
          aria-label={field.short}
          w={90}
          size="sm"
          step={0.1}
          hideControls
          {...bounds(options, field)}
          {...input}
        />
      </Group>
      <Text size="sm" mt={6} aria-live="polite">
        {field.words(value)}
      </Text>
    </Input.Wrapper>
  );
}

function ChoiceOption({ form, path, field }: OptionInputProps<ChoiceField>) {
  const { value, onChange } = form.getInputProps(`${path}.${field.option}`);
  return (
    <Input.Wrapper label={field.label} labelElement="div">
      <SegmentedControl
        fullWidth
        aria-label={field.label}
        data={[...field.choices]}
        value={value}
        onChange={onChange}
      />
    </Input.Wrapper>
  );
}

/** What the browser's field lets through: the schema's bounds, unless the field knows better. */
function bounds(options: Options, field: OptionField) {
  const schema = options[field.option];
  const limits = schema ? limitsOf(schema) : null;
  if (limits === null) return {};
  const { min, max, whole } = limits;
  return { min, max: (field.kind === 'number' && field.max) || max, allowDecimal: !whole };
}

function configAt({ values }: ConfigForm, path: OptionInputProps['path']): Readonly<Record<string, unknown>> {
  switch (path) {
    case 'task':
      return values.task;
    case 'strategy':
      return values.strategy;
    case 'aggregation.rule':
      return values.aggregation.rule;
    case 'aggregation.optimizer':
      return values.aggregation.optimizer;
    default:
      return path satisfies never;
  }
}
