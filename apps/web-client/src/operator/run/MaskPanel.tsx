import { Pagination, Select, Text } from '@mantine/core';
import type { RoundDetail, RunView } from '@strata/fl-core/protocol';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { ErrorNotice } from '../../shared/components/ErrorNotice.tsx';
import { PageLoading } from '../../shared/components/PageLoading.tsx';
import { Panel } from '../../shared/components/Panel.tsx';
import { type Loaded, useLoaded } from '../../shared/hooks/useLoaded.ts';
import { percent } from '../../shared/texts/format.ts';
import { getRound } from '../api.ts';
import { ignoresBudget } from '../strategy-text.ts';
import classes from './ImportancePanel.module.css';
import tableClasses from './MaskTable.module.css';
import { MaskTable } from './MaskTable.tsx';
import { maskRows } from './masks.ts';

const hint =
  'Which layers each participant trains in the round. The tint is the participant’s own score relative to its best layer; the numbers, what the mask takes of the participant’s budget, and the samples that it weighs with: where it claims more than counts, both.';
const pageSize = 25;

interface MaskPanelProps {
  readonly run: RunView;
  readonly round: number | null;
  readonly onPick: (round: number) => void;
}

export function MaskPanel({ run, round, onPick }: MaskPanelProps) {
  const rounds = useMemo(() => [...run.rounds].reverse().map((r) => String(r.round)), [run.rounds]);
  return (
    <Panel
      title="Masks"
      hint={hint}
      testId="masks"
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
        <div className={classes.empty}>
          <Text size="sm" c="dimmed">
            The first round’s choice of layers appears here.
          </Text>
        </div>
      ) : (
        <RoundMasks run={run} round={round} />
      )}
    </Panel>
  );
}

/** Loads the round's detail, and again whenever its summary says that something happened. */
function RoundMasks({ run, round }: { run: RunView; round: number }) {
  const load = useCallback((signal: AbortSignal) => getRound(run.id, round, signal), [run.id, round]);
  const detail = useLoaded(['round', run.id, round], load);
  const summary = run.rounds.find((r) => r.round === round);
  const stamp = `${summary?.phase} ${summary?.updates} ${summary?.evaluatedSamples} ${Object.keys(summary?.importance ?? {}).length}`;
  const { reload } = detail;
  useReloadOn(stamp, reload);
  return <Content detail={detail} reload={reload} run={run} />;
}

/** Calls `reload` when `stamp` differs from the one of the render before. */
function useReloadOn(stamp: string, reload: () => void): void {
  const [seen, setSeen] = useState(stamp);
  useEffect(() => {
    if (seen === stamp) return;
    setSeen(stamp);
    reload();
  }, [seen, stamp, reload]);
}

function Content({ detail, reload, run }: { detail: Loaded<RoundDetail>; reload: () => void; run: RunView }) {
  const [page, setPage] = useState(1);
  switch (detail.kind) {
    case 'loading':
      return <PageLoading label="Loading the round" />;
    case 'failed':
      return <ErrorNotice error={detail.error} onRetry={reload} />;
    case 'ready': {
      const { budget, strategy } = run.config;
      const rows = maskRows(detail.value.members, run.layers, run.clients, budget.unit);
      const pages = Math.ceil(rows.length / pageSize);
      const shown = rows.slice((Math.min(page, pages) - 1) * pageSize).slice(0, pageSize);
      const { agreement } = detail.value;
      if (rows.length === 0) {
        return (
          <Text size="sm" c="dimmed">
            {detail.value.reason || 'The cohort of this round is not fixed yet.'}
          </Text>
        );
      }
      return (
        <>
          <MaskTable
            rows={shown}
            round={detail.value.round}
            unit={ignoresBudget(strategy) ? null : budget.unit}
          />
          {pages > 1 && <Pagination size="xs" mt="sm" total={pages} value={page} onChange={setPage} />}
          <div className={tableClasses.legend}>
            <span className={tableClasses.key} data-of="chosen" /> trained
            <span className={tableClasses.key} data-of="score" /> own score
            {agreement !== null && (
              <span className={tableClasses.overlap}>masks agree by {percent(agreement, 0)}</span>
            )}
          </div>
        </>
      );
    }
    default:
      return detail satisfies never;
  }
}
