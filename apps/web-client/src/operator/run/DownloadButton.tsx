import { Button, Menu } from '@mantine/core';
import type { architectureOf } from '@strata/fl-core/models/layouts';
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
  /** What opens the zip. */
  readonly opensIn: OpensIn;
  readonly disabled: boolean;
}

type OpensIn = ReturnType<typeof architectureOf>['opensIn'];

interface ModelDownload {
  readonly file: ModelFile;
  readonly title: string;
  readonly text: string;
}

const zips: Readonly<Record<OpensIn, Omit<ModelDownload, 'file'>>> = {
  transformers: {
    title: 'For transformers (.zip)',
    text: 'Weights, configuration, a model card and a script; Python opens it with Hugging Face transformers.',
  },
  PyTorch: {
    title: 'For PyTorch (.zip)',
    text: 'Weights, configuration, a model card and the script that runs it in Python; transformers does not have this model.',
  },
  'TensorFlow.js': {
    title: 'For TensorFlow.js (.zip)',
    text: 'A LayersModel as it came, with a model card; tf.loadLayersModel opens it.',
  },
};

const tensors: ModelDownload = {
  file: 'checkpoint.safetensors',
  title: 'Tensors alone (.safetensors)',
  text: 'One file under this project’s layer names.',
};

export function DownloadButton({ run, round, size, opensIn, disabled }: DownloadButtonProps) {
  const files: readonly ModelDownload[] = [{ file: 'model.zip', ...zips[opensIn] }, tensors];
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
