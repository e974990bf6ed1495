import { Input, NumberInput, Radio, SimpleGrid, Slider, Stack } from '@mantine/core';
import { leastParticipants, type Purpose } from '@strata/fl-core/protocol';
import { Panel } from '../../shared/components/Panel.tsx';
import { percent } from '../../shared/texts/format.ts';
import type { SectionProps } from './form.ts';

const purposes: Readonly<Record<Purpose['kind'], Purpose>> = {
  study: { kind: 'study' },
  test: { kind: 'test', sampling: null },
};

/** What the run is for, how long it is and how many take part in a round. */
export function CohortSection({ form }: Pick<SectionProps, 'form'>) {
  const whole = { allowDecimal: false, min: 1 } as const;
  return (
    <Panel
      step={4}
      title="Rounds and cohort"
      hint="A round opens with the participants that are ready, and closes with those that answered."
    >
      <Stack gap="md">
        <Radio.Group
          label="Purpose"
          value={form.values.purpose.kind}
          onChange={(kind) => form.setFieldValue('purpose', purposes[kind === 'test' ? 'test' : 'study'])}
        >
          <Stack gap="xs" mt={6}>
            <Radio
              value="study"
              label="Study"
              description={`No round with fewer than ${leastParticipants} participants: of fewer, a model tells too much of each.`}
            />
            <Radio
              value="test"
              label="Test"
              description="Any number of participants, down to one. They are told before they join that what they send could be read by you."
            />
          </Stack>
        </Radio.Group>
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
          description={`At a deadline, a round goes on if ${percent(form.values.cohort.quorum, 0)} of the updates wanted are there; otherwise it is abandoned and the model stays as it was.`}
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
