import { Alert, Button, NumberInput, Radio, SimpleGrid, Stack, Text } from '@mantine/core';
import { useMemo } from 'react';
import type { SectionProps } from '../form.ts';
import { sealable, sealingConflicts, startSealing } from './sealing-state.ts';

/** What the server sees of updates. */
export function SealingFields({ form, catalog }: SectionProps) {
  const { sealing } = form.values.aggregation;
  const conflicts = useMemo(() => sealingConflicts(form.values, catalog), [form.values, catalog]);
  const whole = { allowDecimal: false, min: 1 } as const;
  return (
    <>
      <Radio.Group
        label="What the server sees"
        value={sealing.kind}
        onChange={(kind) =>
          form.setFieldValue('aggregation.sealing', kind === 'sealed' ? startSealing : { kind: 'open' })
        }
      >
        <Stack gap="xs" mt={6}>
          <Radio
            value="open"
            label="Each participant’s update"
            description="It mixes them by any rule, and whoever runs it could read them."
          />
          <Radio
            value="sealed"
            label="Sums alone (sealed)"
            description="Participants mask their updates, figures and scores, so that only their sum can be read. It takes some seconds more a round, and every participant on a page from https or this machine."
            data-testid="seal"
          />
        </Stack>
      </Radio.Group>
      {sealing.kind === 'sealed' && (
        <SimpleGrid cols={{ base: 1, xs: 3 }}>
          <NumberInput
            label="Sums of at least"
            description="Participants; smaller ones stay shut"
            {...whole}
            min={3}
            {...form.getInputProps('aggregation.sealing.atLeast')}
          />
          <NumberInput
            label="Full weight"
            description="From so many samples on"
            {...whole}
            {...form.getInputProps('aggregation.sealing.samples')}
          />
          <NumberInput
            label="Time for each step"
            description="Seconds to share, send, unmask"
            min={1}
            {...form.getInputProps('aggregation.sealing.seconds')}
          />
        </SimpleGrid>
      )}
      {conflicts.length > 0 && (
        <Alert
          color="ochre"
          variant="light"
          title="With these settings a run cannot be sealed"
          data-testid="sealing-conflicts"
        >
          <Stack gap="xs" align="start">
            {conflicts.map((sentence) => (
              <Text size="sm" key={sentence}>
                {sentence}
              </Text>
            ))}
            <Button variant="default" size="xs" onClick={() => form.setValues(sealable(form.values))}>
              Use settings that fit
            </Button>
          </Stack>
        </Alert>
      )}
    </>
  );
}
