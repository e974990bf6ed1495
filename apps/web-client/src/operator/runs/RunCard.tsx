import { Progress, Text } from '@mantine/core';
import type { RunListItem } from '@strata/fl-core/protocol';
import { Link } from 'wouter';
import { Sparkline } from '../../shared/components/Sparkline.tsx';
import { useNow } from '../../shared/hooks/useNow.ts';
import { ago, percent, plural } from '../../shared/texts/format.ts';
import { metricText, metricTitle } from '../../shared/texts/metric-text.ts';
import { StateBadge } from '../StateBadge.tsx';
import classes from './RunCard.module.css';
import { runSettings } from './run-settings.ts';

export function RunCard({ run }: { run: RunListItem }) {
  const now = useNow(30_000);
  const accuracy = run.accuracy === null ? 'none yet' : percent(run.accuracy);
  return (
    <li className={classes.item}>
      <Link href={`/operator/runs/${run.id}`} className={classes.card} data-run={run.id}>
        <div className={classes.name}>
          <Text fw={600} truncate dir="auto">
            {run.name}
          </Text>
          <Text size="xs" c="dimmed" truncate>
            {run.model} · {ago(run.createdAt, now)}
          </Text>
          <Text size="xs" c="dimmed" data-testid="run-settings">
            {runSettings(run)}
          </Text>
        </div>
        <StateBadge state={run.state} />
        <div className={classes.progress}>
          <Text size="xs" c="dimmed" className="tabular">
            Round {run.committed} of {run.rounds}
          </Text>
          <Progress
            size={5}
            mt={5}
            value={(100 * run.committed) / run.rounds}
            aria-label={`${run.committed} of ${run.rounds} rounds committed`}
          />
        </div>
        <Text size="xs" c="dimmed" className={classes.clients}>
          {plural(run.clients, 'participant')}
        </Text>
        <div className={classes.spark}>
          <Sparkline
            values={run.accuracies}
            label={`${metricTitle(run.task)} over the rounds, now ${accuracy}`}
          />
        </div>
        <div className={classes.accuracy}>
          <Text fw={600} className="tabular">
            {run.accuracy === null ? '–' : percent(run.accuracy)}
          </Text>
          <Text size="xs" c="dimmed">
            {metricText(run.task).name}
          </Text>
        </div>
      </Link>
    </li>
  );
}
