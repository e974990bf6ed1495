import { Pill, PillGroup, Radio, SimpleGrid, Stack, TagsInput, Text } from '@mantine/core';
import { SampleId } from '@strata/fl-core/protocol';
import { plural } from '../../app/format.ts';
import { Panel } from '../../app/Panel.tsx';
import { Choice } from './Choice.tsx';
import type { CatalogSample } from './defaults.ts';
import type { SectionProps } from './form.ts';

const splits: Readonly<Record<CatalogSample['split'], string>> = {
  dirichlet: 'Each demo participant has its own mix of labels.',
  domain: 'Each demo participant has its own drawing style.',
};

/** What participants bring, and the labels it is sorted into. */
export function DataSection({ form, catalog }: SectionProps) {
  const { kind, sample } = form.values.data;
  const choose = (value: string) => {
    const id = SampleId.safeParse(value);
    const chosen = catalog.samples.find((s) => s.id === value);
    form.setFieldValue('data', { kind, sample: id.success ? id.data : null });
    form.setFieldValue('labels', chosen ? [...chosen.labels] : []);
    form.clearFieldError('labels');
  };
  return (
    <Panel
      step={2}
      title="Data"
      hint="Data never reaches this server. The labels say what the model learns to tell apart."
    >
      <Stack gap="md">
        <Radio.Group value={sample ?? 'own'} onChange={choose} aria-label="Data">
          <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="sm">
            {catalog.samples
              .filter((s) => s.kind === kind)
              .map((s) => (
                <Choice
                  key={s.id}
                  value={s.id}
                  title={s.title}
                  text={`${plural(s.labels.length, 'label')}. ${splits[s.split]} Participants may bring their own, too.`}
                />
              ))}
            <Choice
              value="own"
              title="Own data only"
              text={
                kind === 'image'
                  ? 'Participants drop a folder of images, one subfolder for each label.'
                  : 'Participants drop a CSV with a text and a label in each line.'
              }
            />
          </SimpleGrid>
        </Radio.Group>
        {sample === null ? (
          <TagsInput
            label="Labels"
            description="Type one and press Enter, or paste a list with commas."
            placeholder={form.values.labels.length === 0 ? 'cat, dog, …' : ''}
            splitChars={[',', ';', '\n']}
            acceptValueOnBlur
            {...form.getInputProps('labels')}
          />
        ) : (
          <div>
            <Text size="sm" fw={500} mb={6}>
              Labels of the sample
            </Text>
            <PillGroup>
              {form.values.labels.map((label) => (
                <Pill key={label}>{label}</Pill>
              ))}
            </PillGroup>
          </div>
        )}
      </Stack>
    </Panel>
  );
}
