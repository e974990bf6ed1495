import {
  Accordion,
  Divider,
  Input,
  NumberInput,
  SegmentedControl,
  SimpleGrid,
  Stack,
  Text,
} from '@mantine/core';
import type { RunConfig } from '@strata/fl-core/protocol';
import classes from './AdvancedSection.module.css';
import type { SectionProps } from './form.ts';

type Optimizer = RunConfig['local']['optimizer'];

interface AdvancedSectionProps extends SectionProps {
  readonly open: boolean;
  readonly onToggle: (open: boolean) => void;
}

/** Deadlines and local training: right for most runs as they are. */
export function AdvancedSection({ form, catalog, open, onToggle }: AdvancedSectionProps) {
  const { optimizer } = form.values.local;
  const model = catalog.models.find((m) => m.id === form.values.model);
  const whole = { allowDecimal: false, min: 1 } as const;
  const cols = { base: 1, xs: 3 };
  return (
    <Accordion
      variant="contained"
      value={open ? 'advanced' : null}
      onChange={(value) => onToggle(value !== null)}
      classNames={{ item: classes.item }}
    >
      <Accordion.Item value="advanced">
        <Accordion.Control>
          <Text fw={650} size="sm">
            Advanced
          </Text>
          <Text size="sm" c="dimmed">
            Deadlines, optimizer, batches, seed
          </Text>
        </Accordion.Control>
        <Accordion.Panel>
          <Stack gap="md">
            <Divider label="Seconds a phase may last" labelPosition="left" />
            <SimpleGrid cols={cols}>
              <NumberInput label="Probe" {...whole} {...form.getInputProps('deadlines.probing')} />
              <NumberInput label="Train" {...whole} {...form.getInputProps('deadlines.training')} />
              <NumberInput label="Evaluate" {...whole} {...form.getInputProps('deadlines.evaluating')} />
            </SimpleGrid>
            <Divider label="Optimizer" labelPosition="left" />
            <SimpleGrid cols={cols}>
              <Input.Wrapper label="Method" labelElement="div">
                <SegmentedControl
                  fullWidth
                  aria-label="Optimizer"
                  data={[
                    { value: 'adamw', label: 'AdamW' },
                    { value: 'sgd', label: 'SGD' },
                  ]}
                  value={optimizer.name}
                  onChange={(name) => form.setFieldValue('local.optimizer', switchOptimizer(optimizer, name))}
                />
              </Input.Wrapper>
              <NumberInput
                label="Learning rate"
                min={0}
                step={0.0001}
                decimalScale={8}
                {...form.getInputProps('local.optimizer.learningRate')}
              />
              {optimizer.name === 'adamw' ? (
                <NumberInput
                  label="Weight decay"
                  min={0}
                  step={0.01}
                  {...form.getInputProps('local.optimizer.weightDecay')}
                />
              ) : (
                <NumberInput
                  label="Momentum"
                  min={0}
                  step={0.1}
                  {...form.getInputProps('local.optimizer.momentum')}
                />
              )}
            </SimpleGrid>
            <Divider label="Local work" labelPosition="left" />
            <SimpleGrid cols={cols}>
              <NumberInput
                label="Passes"
                description="Over the own data"
                {...whole}
                {...form.getInputProps('local.passes')}
              />
              <NumberInput
                label="Batch size"
                description="Samples a step"
                {...whole}
                {...form.getInputProps('local.batchSize')}
              />
              <NumberInput
                label="Batches at most"
                description="A pass; 0: all"
                allowDecimal={false}
                min={0}
                {...form.getInputProps('local.maxBatches')}
              />
              <NumberInput
                label="Probe batches"
                description="For the scores"
                {...whole}
                {...form.getInputProps('local.probeBatches')}
              />
              <NumberInput
                label="Held out"
                description="Share for evaluation"
                min={0.05}
                max={0.5}
                step={0.05}
                {...form.getInputProps('local.holdOut')}
              />
              {model?.kind === 'image' && (
                <NumberInput
                  label="Image side"
                  description={`Pixels, a multiple of ${model.sideMultiple}`}
                  step={model.sideMultiple}
                  min={model.sideMultiple}
                  allowDecimal={false}
                  {...form.getInputProps('side')}
                />
              )}
              <NumberInput
                label="Seed"
                description="Same seed, same choices"
                allowDecimal={false}
                min={0}
                {...form.getInputProps('seed')}
              />
            </SimpleGrid>
          </Stack>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}

/** Plain SGD needs a larger step than AdamW, whose steps are normalised. */
function switchOptimizer(optimizer: Optimizer, name: string): Optimizer {
  if (name === optimizer.name) return optimizer;
  return name === 'sgd'
    ? { name: 'sgd', learningRate: 0.05, momentum: 0.9 }
    : { name: 'adamw', learningRate: 0.001, weightDecay: 0 };
}
