import { Button, Paper, Stack, Switch, Text, Textarea, TextInput } from '@mantine/core';
import { chosenModel } from './chosen-model.ts';
import type { SectionProps } from './form.ts';
import { summaryLines } from './summary.ts';

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
        <Switch
          label="On the start page"
          description={
            form.values.visibility === 'listed'
              ? 'Everybody who reaches this server can see the run and join it.'
              : 'Only who has the join link can see the run and join it.'
          }
          checked={form.values.visibility === 'listed'}
          onChange={(event) =>
            form.setFieldValue('visibility', event.currentTarget.checked ? 'listed' : 'invited')
          }
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
