import { Button, Loader, Progress } from '@mantine/core';
import type { RunPublic } from '@strata/fl-core/protocol';
import {
  IconCamera,
  IconCheck,
  IconFile,
  IconFolder,
  IconPhoto,
  IconTable,
  IconUpload,
} from '@tabler/icons-react';
import { lazy, Suspense, useRef, useState } from 'react';
import type { ClientSnapshot, DataChoice, UnknownName } from '../client/index.ts';
import { filesOfInput } from '../shared/files/files.ts';
import { useFileDrop } from '../shared/hooks/useFileDrop.ts';
import { plural } from '../shared/texts/format.ts';
import { Card } from './Card.tsx';
import classes from './DataChooser.module.css';
import { DataExample } from './DataExample.tsx';
import { DataReport } from './DataReport.tsx';
import type { DataActions } from './data-actions.ts';
import { leftOutText } from './left-out.ts';
import { ownDataWords, thingsOf } from './task-words.ts';
import { UnknownNames } from './UnknownNames.tsx';

const Camera = lazy(() => import('./Camera.tsx'));
/** Comes with the first table that somebody brings. */
const TableColumns = lazy(() => import('./TableColumns.tsx'));

interface DataChooserProps extends DataActions {
  readonly run: RunPublic;
  readonly snapshot: ClientSnapshot | null;
  /** Which kind is chosen by now. */
  readonly chosen: DataChoice['kind'] | null;
}

/** Own data by drop or choice, or the built-in sample; then what was found in it. */
export function DataChooser({ run, snapshot, chosen, ...actions }: DataChooserProps) {
  const [leftOut, setLeftOut] = useState<readonly UnknownName[]>([]);
  const onFiles: DataActions['onFiles'] = (...files) => {
    setLeftOut([]);
    actions.onFiles(...files);
  };
  const loading = snapshot?.phase.kind === 'loading-data' ? snapshot.phase : null;
  const data = snapshot?.data ?? null;
  const stored = snapshot?.stored?.data ?? null;
  const things = thingsOf(run);
  return (
    <Card title="Your data" testId="data">
      {stored !== null && chosen === null && (
        <div className={classes.stored} data-testid="welcome-back">
          <span>
            <strong>Welcome back:</strong> {plural(stored.samples, things.one, things.many)}{' '}
            {stored.samples === 1 ? 'is' : 'are'} still on this device.
          </span>
          <Button onClick={actions.onStored}>Use {stored.samples === 1 ? 'it' : 'them'}</Button>
        </div>
      )}
      <div className={classes.ways} data-two={run.data.sample !== null}>
        <OwnData run={run} chosen={chosen === 'files' || chosen === 'stored'} onFiles={onFiles} />
        {run.data.sample !== null && (
          <button
            type="button"
            className={classes.sample}
            data-chosen={chosen === 'sample'}
            aria-pressed={chosen === 'sample'}
            onClick={actions.onSample}
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
            <DataReport
              data={data}
              keeping={snapshot?.keeping ?? null}
              leftOut={chosen === 'files' ? leftOutText(leftOut, run.data.kind) : ''}
            />
          </div>
        )}
      </div>
      {loading === null && chosen === 'files' && data !== null && data.tables.length > 0 && (
        <Suspense fallback={<Loader size="xs" />}>
          <TableColumns tables={data.tables} onColumns={actions.onColumns} />
        </Suspense>
      )}
      {loading === null && chosen === 'files' && data !== null && data.unknown.length > 0 && (
        <UnknownNames
          kind={run.data.kind}
          names={data.unknown}
          labels={run.labels}
          onMeanings={(meanings) => {
            const unwanted = data.unknown.filter(({ name }) => meanings.get(name) === null);
            setLeftOut([...leftOut, ...unwanted]);
            actions.onMeanings(meanings);
          }}
        />
      )}
    </Card>
  );
}

/** Pages from plain http, and browsers in old phones, are given none. */
const hasCamera = 'mediaDevices' in navigator;

interface OwnDataProps {
  readonly run: RunPublic;
  readonly chosen: boolean;
  readonly onFiles: DataActions['onFiles'];
}

function OwnData({ run, chosen, onFiles }: OwnDataProps) {
  const over = useFileDrop(onFiles);
  const [camera, setCamera] = useState(false);
  const { data, labels } = run;
  const { title, hint, accept, button, example } = ownDataWords(run);
  return (
    <div className={classes.own} data-over={over} data-chosen={chosen}>
      <span className={classes.icon}>
        <IconUpload size={22} aria-hidden="true" />
      </span>
      <strong>{title}</strong>
      <span className={classes.hint}>{hint}</span>
      {example !== null && <DataExample example={example} />}
      {data.kind === 'image' ? (
        <div className={classes.buttons}>
          <FileButton testId="files" folder onFiles={onFiles}>
            Choose a folder
          </FileButton>
          <FileButton testId="zip" accept={accept} onFiles={onFiles}>
            {button}
          </FileButton>
          {hasCamera && (
            <Button variant="default" leftSection={<IconCamera size={16} />} onClick={() => setCamera(true)}>
              Use the camera
            </Button>
          )}
        </div>
      ) : (
        <FileButton testId="files" accept={accept} onFiles={onFiles}>
          {button}
        </FileButton>
      )}
      {labels.length > 0 && <Labels labels={labels} />}
      {camera && (
        <Suspense fallback={<Loader size="xs" />}>
          <Camera labels={labels} onFiles={onFiles} onClose={() => setCamera(false)} />
        </Suspense>
      )}
    </div>
  );
}

/** In sight without a click; a list of hundreds would be all there is to see. */
const labelsInSight = 12;

/** The labels that the data is sorted into: every one of them can be read. */
function Labels({ labels }: { labels: readonly string[] }) {
  if (labels.length <= labelsInSight) {
    return (
      <span className={classes.labels}>
        Labels: <bdi>{labels.join(', ')}</bdi>
      </span>
    );
  }
  return (
    <details className={classes.labels} data-testid="labels">
      <summary>
        Labels: <bdi>{labels.slice(0, labelsInSight).join(', ')}</bdi> and {labels.length - labelsInSight}{' '}
        more
      </summary>
      <bdi>{labels.slice(labelsInSight).join(', ')}</bdi>
    </details>
  );
}

interface FileButtonProps {
  readonly testId: string;
  /** Asks for a whole folder; phones cannot, and ask for files. */
  readonly folder?: boolean;
  readonly accept?: string;
  readonly onFiles: DataActions['onFiles'];
  readonly children: string;
}

function FileButton({ testId, folder = false, accept, onFiles, children }: FileButtonProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        data-testid={testId}
        {...(folder ? { webkitdirectory: '' } : {})}
        {...(accept === undefined ? {} : { accept })}
        onChange={(event) => {
          const files = event.currentTarget.files === null ? [] : filesOfInput(event.currentTarget.files);
          if (files.length > 0) onFiles(files);
          // The same folder can be chosen again after it was put right.
          event.currentTarget.value = '';
        }}
      />
      <Button
        variant="default"
        leftSection={folder ? <IconFolder size={16} /> : <IconFile size={16} />}
        onClick={() => input.current?.click()}
      >
        {children}
      </Button>
    </>
  );
}
