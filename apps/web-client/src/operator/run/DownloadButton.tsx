import { Button, Menu } from '@mantine/core';
import { IconChevronDown, IconDownload } from '@tabler/icons-react';
import { useState } from 'react';
import { notifyError } from '../../shared/components/notify-error.ts';
import { saveAs } from '../../shared/files/save-as.ts';
import { bytes } from '../../shared/texts/format.ts';
import type { ModelFile } from '../api.ts';
import { downloadModel } from './download.ts';

interface DownloadButtonProps {
  readonly run: string;
  /** Round of the checkpoint; 0 is the model before any training. */
  readonly round: number;
  /** Of the whole model in bytes, for the progress. */
  readonly size: number;
  readonly disabled: boolean;
}

const files: readonly { readonly file: ModelFile; readonly title: string; readonly text: string }[] = [
  {
    file: 'model.zip',
    title: 'For transformers (.zip)',
    text: 'Weights, configuration and a model card; Python opens it with Hugging Face transformers.',
  },
  {
    file: 'checkpoint.safetensors',
    title: 'Tensors alone (.safetensors)',
    text: 'One file under this project’s layer names.',
  },
];

export function DownloadButton({ run, round, size, disabled }: DownloadButtonProps) {
  const [received, setReceived] = useState<number | null>(null);
  const download = async (file: ModelFile) => {
    setReceived(0);
    try {
      const ending = file.slice(file.lastIndexOf('.'));
      saveAs(await downloadModel(run, file, setReceived), `${run}-round-${round}${ending}`);
    } catch (error) {
      notifyError(error);
    } finally {
      setReceived(null);
    }
  };
  const label =
    received === null
      ? 'Model'
      : `${bytes(received)} (${Math.min(100, Math.round((100 * received) / Math.max(1, size)))} %)`;
  return (
    <Menu position="bottom-end" width={300}>
      <Menu.Target>
        <Button
          variant="default"
          leftSection={<IconDownload size={16} />}
          rightSection={<IconChevronDown size={14} />}
          disabled={disabled || received !== null}
          title={`Download the model after round ${round}, ${bytes(size)}`}
          data-testid="download"
        >
          {label}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {files.map(({ file, title, text }) => (
          <Menu.Item key={file} onClick={() => void download(file)}>
            {title}
            <br />
            <small>{text}</small>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
