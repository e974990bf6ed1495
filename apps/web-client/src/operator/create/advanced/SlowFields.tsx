import { Alert, Button, NumberInput, Radio, SimpleGrid, Stack, Text } from '@mantine/core';
import { useMemo } from 'react';
import type { SectionProps } from '../form.ts';
import { Part } from './Part.tsx';
import { bufferable, bufferedConflicts, type Slow, slowOf, withSlow } from './slow-state.ts';

const ways: readonly { readonly slow: Slow; readonly label: string; readonly text: string }[] = [
  { slow: 'left-out', label: 'Left out', text: 'Who is late when a round closes does not count in it.' },
  {
    slow: 'time-boxed',
    label: 'Stopped in time',
    text: 'A device that is not done stops before training closes and sends the steps that it has done; they weigh as their share of all.',
  },
  {
    slow: 'carried',
    label: 'Carried on (buffered)',
    text: 'A round closes as soon as the updates wanted are there. Who is not done goes on, and its update counts in a later round, the less the older its model is.',
  },
];

/** What becomes of devices that are slower than the others. */
export function SlowFields({ form, catalog }: SectionProps) {
  const slow = slowOf(form.values);
  const conflicts = useMemo(() => bufferedConflicts(form.values, catalog), [form.values, catalog]);
  const whole = { allowDecimal: false } as const;
  return (
    <Part title="Slow devices">
      <Stack gap="md">
        <Radio.Group
          aria-label="Slow devices are"
          value={slow}
          onChange={(value) => {
            const way = ways.find((w) => w.slow === value);
            if (way !== undefined) form.setValues(withSlow(form.values, way.slow));
          }}
        >
          <Stack gap="xs">
            {ways.map(({ slow: value, label, text }) => (
              <Radio key={value} value={value} label={label} description={text} />
            ))}
          </Stack>
        </Radio.Group>
        {slow === 'time-boxed' && (
          <SimpleGrid cols={{ base: 1, xs: 3 }}>
            <NumberInput
              label="Stop before"
              description="Seconds for the upload"
              min={0.5}
              {...form.getInputProps('local.timeBox')}
            />
          </SimpleGrid>
        )}
        {slow === 'carried' && (
          <SimpleGrid cols={{ base: 1, xs: 3 }}>
            <NumberInput
              label="At work at once"
              description="Participants; no fewer than updates wanted"
              {...whole}
              min={1}
              {...form.getInputProps('cohort.timing.atWork')}
            />
            <NumberInput
              label="Oldest that counts"
              description="Models that were committed since its own"
              {...whole}
              min={0}
              max={100}
              {...form.getInputProps('cohort.timing.staleness')}
            />
          </SimpleGrid>
        )}
        {conflicts.length > 0 && (
          <Alert
            color="ochre"
            variant="light"
            title="With these settings a run cannot be buffered"
            data-testid="buffered-conflicts"
          >
            <Stack gap="xs" align="start">
              {conflicts.map((sentence) => (
                <Text size="sm" key={sentence}>
                  {sentence}
                </Text>
              ))}
              <Button variant="default" size="xs" onClick={() => form.setValues(bufferable(form.values))}>
                Use settings that fit
              </Button>
            </Stack>
          </Alert>
        )}
      </Stack>
    </Part>
  );
}
