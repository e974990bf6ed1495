import { Pagination, Select, Text } from '@mantine/core';
import type { RoundDetail, RunView } from '@strata/fl-core/protocol';
import { strategyNamed } from '@strata/fl-core/selection';
import { useMemo, useState } from 'react';
import { ErrorNotice } from '../../shared/components/ErrorNotice.tsx';
import { Panel } from '../../shared/components/Panel.tsx';
import { percent, plural } from '../../shared/texts/format.ts';
import { ignoresBudget } from '../strategy-text.ts';
import dashboard from './Dashboard.module.css';
import classes from './MaskTable.module.css';
import { MaskTable } from './MaskTable.tsx';
import { maskRows } from './masks.ts';
import type { LoadedRound } from './use-round.ts';

const hint =
  'Which layers each participant trains in the round. The tint is the participant’s own score relative to its best layer; the numbers, what the mask takes of the participant’s budget, and the samples that it weighs with: where it claims more than counts, both.';
const pageSize = 25;

interface MaskPanelProps {
  readonly run: RunView;
  /** The round that is shown; null before there is one. */
  readonly round: number | null;
  readonly detail: LoadedRound;
  readonly onPick: (round: number) => void;
}

export function MaskPanel({ run, round, detail, onPick }: MaskPanelProps) {
  const rounds = useMemo(() => [...run.rounds].reverse().map((r) => String(r.round)), [run.rounds]);
  return (
    <Panel
      title="Masks"
      hint={hint}
      testId="masks"
      fill
      controls={
        round !== null && (
          <Select
            size="xs"
            w={120}
            aria-label="Round"
            data={rounds.map((value) => ({ value, label: `Round ${value}` }))}
            value={String(round)}
            onChange={(value) => value !== null && onPick(Number(value))}
            allowDeselect={false}
            searchable
          />
        )
      }
    >
      {round === null ? (
        <Empty text="The first round’s choice of layers appears here." />
      ) : (
        <Content detail={detail} run={run} />
      )}
    </Panel>
  );
}

function Empty({ text }: { text: string }) {
  return (
    <div className={dashboard.empty}>
      <Text size="sm" c="dimmed">
        {text}
      </Text>
    </div>
  );
}

function Content({ detail, run }: { detail: LoadedRound; run: RunView }) {
  switch (detail.kind) {
    case 'loading':
      return <Empty text="Loading the round…" />;
    case 'failed':
      return <ErrorNotice error={detail.error} onRetry={detail.reload} />;
    case 'ready':
      return <Masks round={detail.value} run={run} />;
    default:
      return detail satisfies never;
  }
}

function Masks({ round, run }: { round: RoundDetail; run: RunView }) {
  const [page, setPage] = useState(1);
  const { budget, strategy } = run.config;
  const rows = maskRows(round.members, run.layers, run.clients);
  const pages = Math.ceil(rows.length / pageSize);
  const shown = rows.slice((Math.min(page, pages) - 1) * pageSize).slice(0, pageSize);
  if (rows.length === 0) {
    return <Empty text={round.reason || 'The cohort of this round is not fixed yet.'} />;
  }
  return (
    <>
      <MaskTable rows={shown} round={round.round} unit={ignoresBudget(strategy) ? null : budget.unit} />
      {pages > 1 && <Pagination size="xs" mt="sm" total={pages} value={page} onChange={setPage} />}
      {round.warmUp && (
        <Text size="sm" c="dimmed" mt="xs" data-testid="warm-up">
          {run.config.local.head.warmUp.kind === 'closed-form'
            ? 'The head alone, computed from sums over samples: no layers are chosen in this round.'
            : `The head alone: a round of its warm start. Layers are chosen after ${plural(run.config.local.head.warmUp.rounds, 'such round')}.`}
        </Text>
      )}
      {strategyNamed(strategy.name).recycles && (
        <Text size="sm" c="dimmed" mt="xs">
          A layer that nobody trains moves on by its last change, which the server repeats.
        </Text>
      )}
      <div className={classes.legend}>
        <span className={classes.key} data-of="chosen" /> trained
        <span className={classes.key} data-of="score" /> own score
        {round.agreement !== null && (
          <span className={classes.overlap}>masks agree by {percent(round.agreement, 0)}</span>
        )}
      </div>
    </>
  );
}
