import { Button, Collapse, Group, Select, Stack, Text, TextInput, UnstyledButton } from '@mantine/core';
import { families } from '@strata/fl-core/models/layouts';
import { ImportedModel, type StrataError } from '@strata/fl-core/protocol';
import { taskNamed } from '@strata/fl-core/tasks';
import { IconChevronDown } from '@tabler/icons-react';
import { useState } from 'react';
import { asStrataError } from '../../shared/api/api.ts';
import { ErrorNotice } from '../../shared/components/ErrorNotice.tsx';
import { lookAtModel } from '../api.ts';
import { UploadModel } from './UploadModel.tsx';

const granularities: readonly { readonly value: ImportedModel['granularity']; readonly label: string }[] = [
  { value: 'block', label: 'each block' },
  { value: 'sublayer', label: 'attention and feed-forward apart' },
];

/** Architectures with what each can be trained for. */
const known = families()
  .map(({ titles, tasks, kind }) => {
    const choices = tasks.map((task) => taskNamed(task).wordsOn(kind).title.toLowerCase());
    return `${titles.join(', ')}: ${choices.join(', ')}`;
  })
  .join('; ');

/** Brings in a model that is not built in. `onFound` gets it once the server has read its configuration. */
export function ImportModel({ onFound }: { readonly onFound: (model: ImportedModel) => void }) {
  const [open, setOpen] = useState(false);
  const [source, setSource] = useState('');
  const [granularity, setGranularity] = useState<ImportedModel['granularity']>('block');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<StrataError | null>(null);
  const valid = ImportedModel.shape.source.safeParse(source.trim()).success;
  const look = async () => {
    setBusy(true);
    setError(null);
    try {
      onFound(await lookAtModel({ source: source.trim(), granularity }));
    } catch (caught) {
      setError(asStrataError(caught));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Stack gap="xs" mt="sm">
      <UnstyledButton onClick={() => setOpen(!open)} aria-expanded={open} data-testid="import-model">
        <Group gap={6} wrap="nowrap" align="start">
          <IconChevronDown
            size={14}
            style={{ flex: 'none', marginTop: 4, transform: open ? 'none' : 'rotate(-90deg)' }}
          />
          <Text size="sm">Another model: from your disk, the Hugging Face Hub, an address or a folder</Text>
        </Group>
      </UnstyledButton>
      <Collapse expanded={open}>
        <Stack gap="sm">
          <TextInput
            label="Where it is"
            description={`hub:OWNER/NAME, https://… with config.json and model.safetensors, or folder:NAME in this server’s folder of models. ${known}. Or model.json of a TensorFlow.js LayersModel.`}
            placeholder="hub:facebook/deit-tiny-patch16-224"
            value={source}
            onChange={(event) => setSource(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Enter') return;
              event.preventDefault(); // the whole form would be sent
              if (valid && !busy) void look();
            }}
          />
          <Group align="end">
            <Select
              label="A layer is"
              data={[...granularities]}
              value={granularity}
              allowDeselect={false}
              onChange={(value) => setGranularity(value === 'sublayer' ? value : 'block')}
            />
            <Button variant="default" loading={busy} disabled={!valid} onClick={() => void look()}>
              Use this model
            </Button>
          </Group>
          {busy && (
            <Text size="xs" c="dimmed" role="status">
              The server fetches and checks the model. This happens once.
            </Text>
          )}
          {error !== null && <ErrorNotice error={error} />}
          {open && <UploadModel granularity={granularity} onFound={onFound} />}
        </Stack>
      </Collapse>
    </Stack>
  );
}
