import { Pill, PillGroup, Radio, SimpleGrid, Stack, TagsInput, Text } from '@mantine/core';
import { SampleId } from '@strata/fl-core/protocol';
import { taskNamed } from '@strata/fl-core/tasks';
import { Choice } from '../../shared/components/Choice.tsx';
import { Panel } from '../../shared/components/Panel.tsx';
import { plural } from '../../shared/texts/format.ts';
import { chosenModel } from './chosen-model.ts';
import { type CatalogSample, fittingSamples, labelsFor, usualName } from './defaults.ts';
import type { ConfigForm, SectionProps } from './form.ts';
import { isNamed } from './named.ts';
import { TaskFields } from './TaskFields.tsx';

const splits: Readonly<Record<CatalogSample['split'], string>> = {
  dirichlet: 'Each demo participant has its own mix of labels.',
  domain: 'Each demo participant has its own drawing style.',
};

/** What the model learns, what participants bring for that, and the labels it is sorted into. */
export function DataSection({ form, catalog }: SectionProps) {
  const { data, task } = form.values;
  const { labels, wordsOn } = taskNamed(task.name);
  const labelled = labels !== null;
  const model = chosenModel(form.values.model, catalog);
  const samples = model === undefined ? [] : fittingSamples(model, catalog.samples, task.name);
  const choose = (value: string) => {
    const id = SampleId.safeParse(value);
    const chosen = catalog.samples.find((s) => s.id === value) ?? null;
    const named = isNamed(form.values, catalog);
    form.setFieldValue('data', { kind: data.kind, sample: id.success ? id.data : null });
    if (model !== undefined && !named) form.setFieldValue('name', usualName(model, chosen));
    form.setFieldValue('labels', chosen === null ? [] : labelsFor(task.name, chosen));
    form.clearFieldError('labels');
    form.clearFieldError('data.sample');
  };
  return (
    <Panel
      step={2}
      title="Task and data"
      hint="Data never reaches this server. The labels, where the task has any, say what the model learns to predict."
    >
      <Stack gap="md">
        <TaskFields form={form} catalog={catalog} />
        <Radio.Group
          label="Data"
          value={data.sample ?? 'own'}
          onChange={choose}
          error={form.errors['data.sample']}
        >
          <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="sm" mt={6}>
            {samples.map((s) => (
              <Choice key={s.id} value={s.id} title={s.title} text={sampleText(s, labelled)} />
            ))}
            <Choice value="own" title="Own data only" text={wordsOn(data.kind).brings} />
          </SimpleGrid>
        </Radio.Group>
        {labelled && <Labels form={form} />}
      </Stack>
    </Panel>
  );
}

function sampleText({ labels, split }: CatalogSample, labelled: boolean): string {
  const about = labelled
    ? `${plural(labels.length, 'label')}. ${splits[split]}`
    : 'Its texts, without their labels.';
  return `${about} Participants may bring their own, too.`;
}

function Labels({ form }: { form: ConfigForm }) {
  const { data, labels } = form.values;
  if (data.sample === null) {
    return (
      <TagsInput
        label="Labels"
        description="Type one and press Enter, or paste a list with commas."
        placeholder={labels.length === 0 ? 'cat, dog, …' : ''}
        splitChars={[',', ';', '\n']}
        acceptValueOnBlur
        {...form.getInputProps('labels')}
      />
    );
  }
  return (
    <div>
      <Text size="sm" fw={500} mb={6}>
        Labels of the sample
      </Text>
      <PillGroup>
        {labels.map((label) => (
          <Pill key={label}>{label}</Pill>
        ))}
      </PillGroup>
    </div>
  );
}
