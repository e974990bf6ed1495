import { Alert } from '@mantine/core';
import { IconAlertTriangle, IconPlugConnectedX } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import type { ClientHandle, ClientSnapshot } from '../client/index.ts';
import { useNow } from '../shared/hooks/useNow.ts';
import { useOnline } from '../shared/hooks/useOnline.ts';
import { Controls } from './Controls.tsx';
import classes from './Status.module.css';
import { useWakeLock } from './useWakeLock.ts';
import { fractionOf, remaining, stepOf, steps, wordsFor } from './words.ts';

/** What is happening now, in which round, how far, and the way to pause or leave. */
export function Status({ handle, snapshot }: { handle: ClientHandle; snapshot: ClientSnapshot }) {
  const { phase, pause, run, connected, notice } = snapshot;
  const { title, detail } = wordsFor(phase);
  const round = 'round' in phase ? phase.round : null;
  const step = stepOf(phase);
  const fraction = fractionOf(phase);
  const online = useOnline();
  const heading = useRef<HTMLHeadingElement>(null);
  useWakeLock(phase.kind !== 'paused');
  useEffect(() => {
    // What was pressed is gone, and on a phone this is above the screen.
    heading.current?.focus({ preventScroll: true });
    heading.current?.closest('section')?.scrollIntoView({ block: 'start' });
  }, []);
  return (
    <section
      className={classes.status}
      aria-label="Progress"
      data-testid="status"
      data-phase={phase.kind}
      data-reason={phase.kind === 'waiting' ? phase.reason : undefined}
      data-round={round ?? undefined}
      data-rounds-done={snapshot.roundsDone}
    >
      <p className={classes.round}>
        {round !== null && run !== null
          ? `Round ${round} · ${run.committed} of ${run.rounds} done`
          : phase.kind === 'waiting' && phase.reason === 'approval'
            ? 'Your request is with the organiser'
            : 'You are in'}
      </p>
      <div aria-live="polite">
        <h1 className={classes.title} ref={heading} tabIndex={-1}>
          {title}
        </h1>
        <p className={classes.detail}>{detail}</p>
      </div>
      {phase.kind === 'waiting' && <Wait until={phase.until} message={phase.message} />}
      <ol className={classes.steps} aria-label="Steps of a round">
        {steps.map((name, i) => (
          <Step key={name} name={name} state={stateOf(i, step)} fraction={fraction} />
        ))}
      </ol>
      {pause === 'after-round' && phase.kind !== 'paused' && (
        <p className={classes.detail}>Your device finishes this round and then rests.</p>
      )}
      {(!connected || !online) && (
        <Alert
          color="ochre"
          variant="light"
          icon={<IconPlugConnectedX size={18} />}
          title={online ? 'Connection lost' : 'This device is offline'}
          data-testid="away"
        >
          {online
            ? 'Trying to reach the server again by itself. What your device has done is kept.'
            : 'Nothing is sent until it is back on the network; then it goes on by itself. What your device has done is kept.'}
        </Alert>
      )}
      {notice !== null && (
        <Alert color="ochre" variant="light" icon={<IconAlertTriangle size={18} />} title={notice.message}>
          {notice.hint} Your device tries again by itself.
        </Alert>
      )}
      <Controls handle={handle} phase={phase} pause={pause} />
    </section>
  );
}

type StepState = 'off' | 'done' | 'now' | 'next';

function stateOf(index: number, current: number | null): StepState {
  if (current === null) return 'off';
  if (index === current) return 'now';
  return index < current ? 'done' : 'next';
}

interface StepProps {
  readonly name: string;
  readonly state: StepState;
  /** Of the present step, in [0, 1]; null when nobody can know. */
  readonly fraction: number | null;
}

function Step({ name, state, fraction }: StepProps) {
  const filled = state === 'done' ? 1 : state === 'now' ? (fraction ?? 1) : 0;
  return (
    <li className={classes.step} data-state={state} aria-current={state === 'now' ? 'step' : undefined}>
      <span
        className={classes.track}
        data-busy={state === 'now' && fraction === null}
        {...(state === 'now' && fraction !== null
          ? {
              role: 'progressbar',
              'aria-label': name,
              'aria-valuenow': Math.round(100 * fraction),
              'aria-valuemin': 0,
              'aria-valuemax': 100,
            }
          : {})}
      >
        <span className={classes.fill} style={{ width: `${100 * filled}%` }} />
      </span>
      {name}
    </li>
  );
}

function Wait({ until, message }: { until: number | null; message: string }) {
  const now = useNow(until === null ? 0 : 1000);
  const left = remaining(until, now);
  return (
    <p className={classes.detail}>
      {message}
      {left !== '' && <strong> Expected in {left}.</strong>}
    </p>
  );
}
