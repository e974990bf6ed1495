import { Alert, Progress } from '@mantine/core';
import { IconAlertTriangle, IconPlugConnectedX } from '@tabler/icons-react';
import { useNow } from '../app/useNow.ts';
import type { ClientHandle, ClientSnapshot } from '../client/index.ts';
import { Controls } from './Controls.tsx';
import classes from './Status.module.css';
import { fractionOf, remaining, stepOf, steps, wordsFor } from './words.ts';

/** What is happening now, in which round, how far, and the way to pause or leave. */
export function Status({ handle, snapshot }: { handle: ClientHandle; snapshot: ClientSnapshot }) {
  const { phase, pause, run, connected, notice } = snapshot;
  const { title, detail } = wordsFor(phase);
  const round = 'round' in phase ? phase.round : null;
  const step = stepOf(phase);
  const fraction = fractionOf(phase);
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
          : 'You are in'}
      </p>
      <div aria-live="polite">
        <h1 className={classes.title}>{title}</h1>
        <p className={classes.detail}>{detail}</p>
      </div>
      {phase.kind === 'waiting' && <Wait until={phase.until} message={phase.message} />}
      <ol className={classes.steps} aria-label="Steps of a round">
        {steps.map((name, i) => (
          <li
            key={name}
            className={classes.step}
            data-state={step === null ? 'off' : i < step ? 'done' : i === step ? 'now' : 'next'}
            aria-current={i === step ? 'step' : undefined}
          >
            {name}
          </li>
        ))}
      </ol>
      <Progress
        value={fraction === null ? (step === null ? 0 : 100) : 100 * fraction}
        animated={step !== null && phase.kind !== 'paused'}
        size="lg"
        radius="xl"
        aria-label={title}
      />
      {pause === 'after-round' && phase.kind !== 'paused' && (
        <p className={classes.detail}>Your device finishes this round and then rests.</p>
      )}
      {!connected && (
        <Alert color="yellow" variant="light" icon={<IconPlugConnectedX size={18} />} title="Connection lost">
          Trying to reach the server again by itself. What your device has done is kept.
        </Alert>
      )}
      {notice !== null && (
        <Alert color="yellow" variant="light" icon={<IconAlertTriangle size={18} />} title={notice.message}>
          {notice.hint} Your device tries again by itself.
        </Alert>
      )}
      <Controls handle={handle} phase={phase} pause={pause} />
    </section>
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
