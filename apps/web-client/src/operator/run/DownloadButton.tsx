import { Button } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useState } from 'react';
import { bytes } from '../../app/format.ts';
import { notifyError } from '../../app/notify-error.ts';
import { downloadCheckpoint, saveAs } from './download.ts';

interface DownloadButtonProps {
  readonly run: string;
  /** Round of the checkpoint; 0 is the model before any training. */
  readonly round: number;
  /** Of the whole model in bytes, for the progress. */
  readonly size: number;
  readonly disabled: boolean;
}

export function DownloadButton({ run, round, size, disabled }: DownloadButtonProps) {
  const [received, setReceived] = useState<number | null>(null);
  const download = async () => {
    setReceived(0);
    try {
      saveAs(await downloadCheckpoint(run, setReceived), `${run}-round-${round}.safetensors`);
    } catch (error) {
      notifyError(error);
    } finally {
      setReceived(null);
    }
  };
  const label =
    received === null
      ? 'Checkpoint'
      : `${bytes(received)} (${Math.min(100, Math.round((100 * received) / Math.max(1, size)))} %)`;
  return (
    <Button
      variant="default"
      leftSection={<IconDownload size={16} />}
      onClick={() => void download()}
      disabled={disabled || received !== null}
      title={`Download the model after round ${round} as safetensors, ${bytes(size)}`}
      data-testid="download"
    >
      {label}
    </Button>
  );
}
