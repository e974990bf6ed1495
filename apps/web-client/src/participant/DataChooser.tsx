import { Button, Loader, Progress } from '@mantine/core';
import type { RunPublic } from '@strata/fl-core/protocol';
import { IconCheck, IconFolder, IconPhoto, IconTable, IconUpload } from '@tabler/icons-react';
import { useRef } from 'react';
import type { ClientSnapshot, LocalFile } from '../client/index.ts';
import { Card } from './Card.tsx';
import classes from './DataChooser.module.css';
import { DataReport } from './DataReport.tsx';
import { filesOfInput } from './files.ts';
import { useFileDrop } from './useFileDrop.ts';

interface DataChooserProps {
  readonly run: RunPublic;
  readonly snapshot: ClientSnapshot | null;
  /** Which kind is chosen by now. */
  readonly chosen: 'sample' | 'files' | null;
  readonly onSample: () => void;
  readonly onFiles: (files: readonly LocalFile[]) => void;
}

/** Own data by drop or choice, or the built-in sample; then what was found in it. */
export function DataChooser({ run, snapshot, chosen, onSample, onFiles }: DataChooserProps) {
  const loading = snapshot?.phase.kind === 'loading-data' ? snapshot.phase : null;
  const data = snapshot?.data ?? null;
  return (
    <Card title="Your data" testId="data">
      <div className={classes.ways} data-two={run.data.sample !== null}>
        <OwnData kind={run.data.kind} labels={run.labels} chosen={chosen === 'files'} onFiles={onFiles} />
        {run.data.sample !== null && (
          <button
            type="button"
            className={classes.sample}
            data-chosen={chosen === 'sample'}
            aria-pressed={chosen === 'sample'}
            onClick={onSample}
          >
            <span className={classes.icon}>
              {run.data.kind === 'image' ? <IconPhoto size={22} /> : <IconTable size={22} />}
            </span>
            <strong>Use the sample data</strong>
            <span className={classes.hint}>
              Built in and free to use. Your device gets one part of it: the quickest way to take part.
            </span>
            {chosen === 'sample' && (
              <span className={classes.tick}>
                <IconCheck size={16} aria-hidden="true" /> Chosen
              </span>
            )}
          </button>
        )}
      </div>
      <div aria-live="polite">
        {loading !== null && (
          <div className={classes.loading}>
            <Loader size="xs" aria-hidden="true" />
            <span>Reading your data, here in this tab…</span>
            <Progress
              value={100 * loading.fraction}
              size="sm"
              aria-label="Data read"
              className={classes.progress}
            />
          </div>
        )}
        {loading === null && data !== null && chosen !== null && (
          <div className={classes.report}>
            <DataReport data={data} />
          </div>
        )}
      </div>
    </Card>
  );
}

interface OwnDataProps {
  readonly kind: 'image' | 'text';
  readonly labels: readonly string[];
  readonly chosen: boolean;
  readonly onFiles: (files: readonly LocalFile[]) => void;
}

function OwnData({ kind, labels, chosen, onFiles }: OwnDataProps) {
  const input = useRef<HTMLInputElement>(null);
  const take = (files: readonly LocalFile[]) => {
    if (files.length > 0) onFiles(files);
  };
  const over = useFileDrop(onFiles);
  const pictures = kind === 'image';
  return (
    <div className={classes.own} data-over={over} data-chosen={chosen}>
      <span className={classes.icon}>
        <IconUpload size={22} aria-hidden="true" />
      </span>
      <strong>{pictures ? 'Use your own pictures' : 'Use your own texts'}</strong>
      <span className={classes.hint}>
        {pictures
          ? 'Drop a folder here. It holds one folder for each label, with its pictures inside.'
          : 'Drop a CSV file here. It has a column “text” and a column “label”.'}
      </span>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        data-testid="files"
        {...(pictures ? { webkitdirectory: '' } : { accept: '.csv,.tsv,.txt,text/csv' })}
        onChange={(event) => {
          if (event.currentTarget.files !== null) take(filesOfInput(event.currentTarget.files));
          // The same folder can be chosen again after it was put right.
          event.currentTarget.value = '';
        }}
      />
      <Button
        variant="default"
        leftSection={pictures ? <IconFolder size={16} /> : <IconTable size={16} />}
        onClick={() => input.current?.click()}
      >
        {pictures ? 'Choose a folder' : 'Choose a file'}
      </Button>
      <span className={classes.labels}>Labels: {labels.join(', ')}</span>
    </div>
  );
}
