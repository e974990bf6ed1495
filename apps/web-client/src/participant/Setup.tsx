import { Alert, Button, TextInput } from '@mantine/core';
import type { RunPublic } from '@strata/fl-core/protocol';
import { useState } from 'react';
import type { ClientSnapshot, DataChoice } from '../client/index.ts';
import { Costs } from './Costs.tsx';
import { DataChooser } from './DataChooser.tsx';
import { DeviceCheck } from './DeviceCheck.tsx';
import type { DataActions } from './data-actions.ts';
import { Intro } from './Intro.tsx';
import { Privacy } from './Privacy.tsx';
import classes from './Setup.module.css';
import { ShareChooser } from './ShareChooser.tsx';
import { StoredNote } from './StoredNote.tsx';
import type { Share } from './share.ts';

interface SetupProps extends DataActions {
  readonly run: RunPublic;
  readonly snapshot: ClientSnapshot | null;
  readonly chosen: DataChoice['kind'] | null;
  readonly name: string;
  readonly share: Share;
  /** The tab was reloaded while it took part. */
  readonly returning: boolean;
  readonly onForget: () => void;
  readonly onJoin: (name: string, share: Share) => void;
}

/** Before joining: what this is, what leaves the device, what the device can do, the data, and one button. */
export function Setup({ run, snapshot, chosen, returning, onJoin, ...props }: SetupProps) {
  const [name, setName] = useState(props.name);
  const [share, setShare] = useState(props.share);
  const ready = snapshot?.phase.kind === 'ready';
  const notice = snapshot?.notice ?? null;
  return (
    <div className={classes.column}>
      <Intro run={run} />
      <Privacy run={run} />
      <DeviceCheck device={snapshot?.device ?? null} />
      <DataChooser
        run={run}
        snapshot={snapshot}
        chosen={chosen}
        onSample={props.onSample}
        onFiles={props.onFiles}
        onStored={props.onStored}
        onMeanings={props.onMeanings}
        onColumns={props.onColumns}
      />
      <Costs run={run} share={share} layers={snapshot?.layers ?? []} />
      {notice !== null && (
        <Alert color="red" variant="light" title={notice.message} role="alert" data-testid="notice">
          {notice.hint}
        </Alert>
      )}
      <form
        className={classes.join}
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) onJoin(name.trim(), share);
        }}
      >
        <TextInput
          label="Your name, if you like"
          description="Shown to the organiser beside your progress."
          maxLength={80}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          autoComplete="nickname"
        />
        <ShareChooser budget={run.budget} share={share} onChange={setShare} />
        <Button type="submit" size="xl" fullWidth disabled={!ready} data-testid="join">
          {ready ? (returning ? 'Go on' : 'Join the run') : 'Choose your data to join'}
        </Button>
        {run.approval && !returning && (
          <p className={classes.foot} data-testid="approval">
            The organiser lets in everybody who is new: your request waits until he has seen it.
          </p>
        )}
        <p className={classes.foot}>You can pause or leave at any time. Closing this page is fine, too.</p>
      </form>
      <StoredNote
        stored={snapshot?.stored ?? null}
        modelKeeping={snapshot?.modelKeeping ?? null}
        onForget={props.onForget}
      />
    </div>
  );
}
