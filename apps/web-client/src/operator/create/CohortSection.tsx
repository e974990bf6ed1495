import { Input, NumberInput, SimpleGrid, Slider, Stack } from '@mantine/core';
import { Panel } from '../../shared/components/Panel.tsx';
import { percent } from '../../shared/texts/format.ts';
import type { SectionProps } from './form.ts';

/** How long the run is and how many take part in a round. */
export function CohortSection({ form }: Pick<SectionProps, 'form'>) {
  const whole = { allowDecimal: false, min: 1 } as const;
  return (
    <Panel
      step={4}
      title="Rounds and cohort"
      hint="A round opens with the participants that are ready, and closes with those that answered."
    >
      <Stack gap="md">
        <SimpleGrid cols={{ base: 1, xs: 3 }}>
          <NumberInput
            label="Rounds"
            description="To be committed"
            {...whole}
            {...form.getInputProps('rounds')}
          />
          <NumberInput
            label="Updates wanted"
            description="A round; a few more are asked"
            {...whole}
            {...form.getInputProps('cohort.goal')}
          />
          <NumberInput
            label="Participants needed"
            description="Before a round opens"
            {...whole}
            {...form.getInputProps('cohort.minimum')}
          />
        </SimpleGrid>
        <Input.Wrapper
          label="Quorum"
          labelElement="div"
          description={`At a deadline, a round goes on if ${percent(form.values.cohort.quorum, 0)} of its cohort answered; otherwise it is abandoned and the model stays as it was.`}
          error={form.errors['cohort.quorum']}
        >
          <Slider
            mt={10}
            mb={6}
            min={0}
            max={1}
            step={0.05}
            label={(value) => percent(value, 0)}
            thumbLabel="Quorum"
            {...form.getInputProps('cohort.quorum')}
          />
        </Input.Wrapper>
      </Stack>
    </Panel>
  );
}
