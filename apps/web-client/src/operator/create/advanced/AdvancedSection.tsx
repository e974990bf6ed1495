import { Accordion, NumberInput, SimpleGrid, Stack, Text } from '@mantine/core';
import { chosenModel } from '../chosen-model.ts';
import type { CatalogModel } from '../defaults.ts';
import type { SectionProps } from '../form.ts';
import classes from './AdvancedSection.module.css';
import { AggregationFields } from './AggregationFields.tsx';
import { EligibleFields } from './EligibleFields.tsx';
import { LifetimeFields } from './LifetimeFields.tsx';
import { Part } from './Part.tsx';
import { ScoreFields } from './ScoreFields.tsx';
import { SlowFields } from './SlowFields.tsx';
import { TrainingFields } from './TrainingFields.tsx';

interface AdvancedSectionProps extends SectionProps {
  readonly open: boolean;
  readonly onToggle: (open: boolean) => void;
}

/** What is right for most runs as it is. */
export function AdvancedSection({ form, catalog, open, onToggle }: AdvancedSectionProps) {
  const model = chosenModel(form.values.model, catalog);
  const whole = { allowDecimal: false, min: 1 } as const;
  return (
    <Accordion
      variant="contained"
      value={open ? 'advanced' : null}
      onChange={(value) => onToggle(value !== null)}
      classNames={{ item: classes.item }}
    >
      <Accordion.Item value="advanced">
        <Accordion.Control data-testid="advanced">
          <Text fw={650} size="sm">
            Advanced
          </Text>
          <Text size="sm" c="dimmed">
            Scores, training, aggregation, deadlines, who may take part, slow devices, early end, what is
            kept, seed
          </Text>
        </Accordion.Control>
        <Accordion.Panel>
          <Stack gap="lg">
            <ScoreFields form={form} />
            <TrainingFields form={form} />
            <AggregationFields form={form} />
            <Part title="Deadlines" text="Seconds a phase may last.">
              <SimpleGrid cols={{ base: 1, xs: 3 }}>
                <NumberInput label="Probe" {...whole} {...form.getInputProps('deadlines.probing')} />
                <NumberInput label="Train" {...whole} {...form.getInputProps('deadlines.training')} />
                <NumberInput label="Evaluate" {...whole} {...form.getInputProps('deadlines.evaluating')} />
              </SimpleGrid>
            </Part>
            <EligibleFields form={form} />
            <SlowFields form={form} catalog={catalog} />
            <Part
              title="Grace"
              text="How long a phase still waits for the others when as many have answered as are wanted."
            >
              <SimpleGrid cols={{ base: 1, xs: 2 }}>
                <NumberInput
                  label="Share of the time so far"
                  description="0.5: who is half as slow again is heard"
                  min={0}
                  step={0.1}
                  {...form.getInputProps('cohort.grace.share')}
                />
                <NumberInput
                  label="At least"
                  description="Seconds"
                  min={0}
                  {...form.getInputProps('cohort.grace.seconds')}
                />
              </SimpleGrid>
            </Part>
            <LifetimeFields form={form} />
            <Part title="Data and chance">
              <SimpleGrid cols={{ base: 1, xs: 3 }}>
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
                    description={sideText(model)}
                    step={model.sideMultiple}
                    min={model.sideMultiple}
                    max={model.largestSide}
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
            </Part>
          </Stack>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}

const sideText = ({ sideMultiple, largestSide }: CatalogModel): string =>
  sideMultiple === largestSide ? 'Pixels; the model takes no other' : `Pixels, a multiple of ${sideMultiple}`;
