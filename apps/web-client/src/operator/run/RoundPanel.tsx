import { Group, Paper, Progress, RingProgress, Text, Tooltip } from '@mantine/core';
import type { RoundSummary, RunView } from '@strata/fl-core/protocol';
import { IconCheck } from '@tabler/icons-react';
import { useNow } from '../../shared/hooks/useNow.ts';
import { clock, plural } from '../../shared/texts/format.ts';
import { phaseSteps, remainingMs, timeUsed } from './phases.ts';
import classes from './RoundPanel.module.css';
import { runHeadline } from './run-headline.ts';

/** Of a run that has none yet: all phases are ahead. */
const noRound = { round: 1, phase: 'abandoned' } as const;

/** Where the run is: rounds done, the phase of the open round, and the time it has left. */
export function RoundPanel({ run }: { run: RunView }) {
  const { headline, detail } = runHeadline(run);
  const round = run.rounds.at(-1);
  const open = run.state === 'running' && round !== undefined;
  const share = (100 * run.committed) / run.config.rounds;
  return (
    <Paper
      component="section"
      withBorder
      className={classes.panel}
      aria-label="Progress"
      data-testid="round"
      data-phase={round?.phase}
    >
      <RingProgress
        size={72}
        thickness={7}
        roundCaps
        sections={share > 0 ? [{ value: share, color: 'var(--mantine-primary-color-filled)' }] : []}
        label={
          <Text ta="center" size="xs" fw={650} className="tabular">
            {run.committed}/{run.config.rounds}
          </Text>
        }
        aria-label={`${run.committed} of ${run.config.rounds} rounds committed`}
      />
      <div className={classes.words}>
        <Text fw={650} size="lg" lh={1.3} aria-live="polite">
          {headline}
        </Text>
        <Text size="sm" c="dimmed">
          {detail}
        </Text>
      </div>
      <div className={classes.phases}>
        <ol className={classes.steps} aria-label={`Phases of round ${round?.round ?? 1}`}>
          {phaseSteps(round ?? noRound, run.config).map((step) => (
            <Tooltip key={step.phase} label={step.explanation}>
              <li
                className={classes.step}
                data-status={step.status}
                aria-current={step.status === 'current' ? 'step' : undefined}
              >
                <span className={classes.dot}>
                  {step.status === 'done' && <IconCheck size={11} stroke={3} />}
                </span>
                <span className={classes.label}>{step.label}</span>
              </li>
            </Tooltip>
          ))}
        </ol>
        <div className={classes.countdown}>{open && <Countdown round={round} run={run} />}</div>
      </div>
    </Paper>
  );
}

function Countdown({ round, run }: { round: RoundSummary; run: RunView }) {
  const now = useNow(round.deadline === null ? 0 : 500);
  const left = remainingMs(round, now);
  const used = timeUsed(round, run.config, now);
  const sends = run.config.aggregation.sealing.kind === 'sealed' ? 'uploading' : 'training';
  if (left === null) return null;
  const { goal, timing } = run.config.cohort;
  const wanted = timing.kind === 'buffered' ? Math.min(goal, round.cohort) : round.cohort;
  return (
    <Group gap="sm" wrap="nowrap">
      <Progress
        size={4}
        flex={1}
        value={100 * (used ?? 0)}
        color="ochre.5"
        aria-label="Share of the phase’s time used"
      />
      <Text size="xs" c="dimmed" className="tabular" role="timer">
        {round.phase === sends && `${round.updates} of ${plural(wanted, 'update')} · `}
        closes in {clock(left)} at the latest
      </Text>
    </Group>
  );
}
