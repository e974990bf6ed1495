import { Button, NativeSelect, Paper, Stack, Switch, Text, Textarea, TextInput } from '@mantine/core';
import type { RunConfig } from '@strata/fl-core/protocol';
import { chosenModel } from './chosen-model.ts';
import type { SectionProps } from './form.ts';
import { summaryLines } from './summary.ts';

const visibilities = {
  invited: 'Only who has the join link, or an invitation, can see the run and join it.',
  named: 'Only who has an invitation can see the run and join it: a link with so many places, that ends.',
  listed: 'Everybody who reaches this server can see the run and join it.',
} as const satisfies Record<RunConfig['visibility'], string>;

/** The run in plain words, beside the button that makes it. */
export function Summary({ form, catalog, busy }: SectionProps & { busy: boolean }) {
  const model = chosenModel(form.values.model, catalog);
  const willDownload = model?.availability === 'download';
  return (
    <Paper withBorder p="md">
      <Stack gap="sm">
        <TextInput label="Name" {...form.getInputProps('name')} />
        <Textarea
          label="Description"
          description="Participants read it before they join."
          autosize
          minRows={2}
          maxRows={6}
          {...form.getInputProps('description')}
        />
        <NativeSelect
          label="Who may join"
          description={visibilities[form.values.visibility]}
          data={[
            { value: 'invited', label: 'Who has the join link' },
            { value: 'named', label: 'Who has an invitation' },
            { value: 'listed', label: 'Everybody: on the start page' },
          ]}
          {...form.getInputProps('visibility')}
        />
        <Switch
          label="Let in each participant"
          description="Whoever is new waits until you have said yes on the dashboard."
          {...form.getInputProps('approval', { type: 'checkbox' })}
        />
        <Stack gap={6} component="ul" pl="md" m={0}>
          {summaryLines(form.values, model?.layers.length ?? 0).map((line) => (
            <Text key={line} component="li" size="sm">
              {line}
            </Text>
          ))}
        </Stack>
        <Button type="submit" size="md" loading={busy} data-testid="create">
          Create run
        </Button>
        {busy && willDownload && (
          <Text size="xs" c="dimmed" role="status">
            Downloading and checking {model.title}. This happens once.
          </Text>
        )}
      </Stack>
    </Paper>
  );
}
