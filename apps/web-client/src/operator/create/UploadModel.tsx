import { Button, Group, Progress, Stack, Text } from '@mantine/core';
import type { ImportedModel, StrataError } from '@strata/fl-core/protocol';
import { IconUpload } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import type { LocalFile } from '../../client/index.ts';
import { asStrataError } from '../../shared/api/api.ts';
import { ErrorNotice } from '../../shared/components/ErrorNotice.tsx';
import { filesOfInput } from '../../shared/files/files.ts';
import { useFileDrop } from '../../shared/hooks/useFileDrop.ts';
import { uploadModel } from '../upload-model.ts';
import { modelFiles } from './model-files.ts';

interface UploadModelProps {
  readonly granularity: ImportedModel['granularity'];
  readonly onFound: (model: ImportedModel) => void;
}

/** Brings in a model from the operator's own disk; `onFound` gets it once the server has checked it. */
export function UploadModel({ granularity, onFound }: UploadModelProps) {
  const input = useRef<HTMLInputElement>(null);
  const running = useRef<AbortController | null>(null);
  const [sent, setSent] = useState<number | null>(null);
  const [error, setError] = useState<StrataError | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  const take = async (chosen: readonly LocalFile[]) => {
    running.current?.abort();
    const upload = new AbortController();
    running.current = upload;
    setError(null);
    setSent(0);
    try {
      const files = await modelFiles(chosen);
      const { signal } = upload;
      onFound(await uploadModel(files, { granularity, signal, report: setSent }));
    } catch (caught) {
      if (!upload.signal.aborted) setError(asStrataError(caught));
    } finally {
      if (running.current === upload) setSent(null);
    }
  };
  const over = useFileDrop(take);
  return (
    <Stack gap="xs">
      <Group gap="sm">
        <input
          ref={input}
          type="file"
          hidden
          multiple
          accept=".json,.bin,.safetensors,.txt,.md,.zip"
          data-testid="model-files"
          onChange={(event) => {
            const files = event.currentTarget.files === null ? [] : filesOfInput(event.currentTarget.files);
            if (files.length > 0) void take(files);
            event.currentTarget.value = ''; // The same files can be chosen again after they were put right.
          }}
        />
        <Button
          variant={over ? 'light' : 'default'}
          leftSection={<IconUpload size={16} aria-hidden="true" />}
          loading={sent !== null}
          onClick={() => input.current?.click()}
        >
          Upload a model
        </Button>
        <Text size="xs" c="dimmed" style={{ flex: '1 1 14rem' }}>
          Or drop its files, folder or ZIP here: model.json and .bin files of a TensorFlow.js LayersModel that
          classifies images, or config.json and model.safetensors. Of a LayersModel batch normalisation keeps
          its statistics and dropout is off; what pixels go in as is read from it, or asked.
        </Text>
      </Group>
      {sent !== null && (
        <Stack gap={4} role="status">
          <Progress value={100 * sent} size="sm" aria-label="Model uploaded" />
          <Text size="xs" c="dimmed">
            {sent < 1 ? 'The files are on their way.' : 'The server checks the model.'}
          </Text>
        </Stack>
      )}
      {error !== null && <ErrorNotice error={error} />}
    </Stack>
  );
}
