import { Button, Group } from '@mantine/core';
import type { RunState } from '@strata/fl-core/protocol';
import { IconCircleCheck, IconDevices, IconDoorExit, IconMoodSad } from '@tabler/icons-react';
import { Link } from 'wouter';
import type { ClientPhase, ClientSnapshot } from '../client/index.ts';
import { bytes, percent, plural } from '../shared/texts/format.ts';
import { resultText } from '../shared/texts/metric-text.ts';
import classes from './Ended.module.css';
import { isElsewhere, wordsFor } from './words.ts';

interface EndedProps {
  readonly snapshot: ClientSnapshot;
  /** Starts this client again; absent when the run itself is over. */
  readonly onAgain?: () => void;
}

/** After the run, after leaving, or after a failure on this device. */
export function Ended({ snapshot, onAgain }: EndedProps) {
  const { phase } = snapshot;
  const { title, detail } = wordsFor(phase);
  const Icon = iconOf(phase);
  return (
    <section
      className={classes.ended}
      role={phase.kind === 'failed' ? 'alert' : 'status'}
      data-testid="ended"
      data-phase={phase.kind}
      data-state={phase.kind === 'over' ? phase.state : undefined}
      data-rounds-done={snapshot.roundsDone}
    >
      <Icon size={44} stroke={1.5} className={classes.icon} aria-hidden="true" />
      <h1 className={classes.title}>{title}</h1>
      <p className={classes.detail}>{detail}</p>
      {phase.kind === 'failed' && <p className={classes.detail}>{phase.error.hint}</p>}
      {snapshot.roundsDone > 0 && <p className={classes.detail}>{result(snapshot)}</p>}
      <Group justify="center" mt="md">
        {onAgain !== undefined && (
          <Button size="md" onClick={onAgain} data-testid="again">
            {againText(phase)}
          </Button>
        )}
        <Button size="md" variant="default" component={Link} href="/">
          See other runs
        </Button>
      </Group>
    </section>
  );
}

function iconOf(phase: ClientPhase) {
  if (isElsewhere(phase)) return IconDevices;
  if (phase.kind === 'failed') return IconMoodSad;
  return phase.kind === 'left' ? IconDoorExit : IconCircleCheck;
}

function againText(phase: ClientPhase): string {
  if (isElsewhere(phase)) return 'Go on here';
  return phase.kind === 'failed' ? 'Try again' : 'Join again';
}

const isOver = (state: RunState): boolean =>
  state === 'finished' || state === 'stopped' || state === 'failed';

function result({ roundsDone, bytesUp, accuracies, run }: ClientSnapshot): string {
  const first = accuracies[0];
  const last = accuracies.at(-1);
  const helped = `You helped in ${plural(roundsDone, 'round')} and sent ${bytes(bytesUp)} of model changes.`;
  if (first === undefined || last === undefined) return helped;
  const own = resultText(run?.task.name ?? 'classification', first.accuracy, last.accuracy);
  // Of the run as it ended: a view from before has the figure of a round before.
  const final = run !== null && isOver(run.state) ? run.accuracy : null;
  const everyone = final === null ? '' : ` On everyone’s together: ${percent(final, 0)}.`;
  return `${helped} ${own}${everyone}`;
}
