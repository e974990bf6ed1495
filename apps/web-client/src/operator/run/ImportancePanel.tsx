import { SegmentedControl, Text, VisuallyHidden } from '@mantine/core';
import type { LayerView, RoundSummary } from '@strata/fl-core/protocol';
import { useCallback, useMemo, useState } from 'react';
import { Chart } from '../../shared/chart/Chart.tsx';
import { Panel } from '../../shared/components/Panel.tsx';
import { usePalette } from '../../shared/hooks/usePalette.ts';
import { drawnCells, importanceOption } from './charts.ts';
import classes from './ImportancePanel.module.css';
import { ImportanceTable } from './ImportanceTable.tsx';
import { type ImportanceMatrix, importanceMatrix, type Measure } from './importance.ts';

const hint =
  'Share and Log: mean score of every layer over the participants that probed it. Trained: how many participants trained it. Participants: how many stand behind it once weighed by their samples. A click on a cell shows that round’s masks.';

const views = [
  { value: 'share', label: 'Share' },
  { value: 'value', label: 'Log' },
  { value: 'trained', label: 'Trained' },
  { value: 'effective', label: 'Participants' },
  { value: 'table', label: 'Table' },
] as const;
type View = (typeof views)[number]['value'];

const legends: Readonly<Record<Measure, readonly [string, string]>> = {
  share: ['none', 'largest share of its round'],
  value: ['smallest score', 'largest, logarithmic'],
  trained: ['trained by nobody', 'by the whole cohort'],
  effective: ['nobody’s data', 'everybody’s, evenly'],
};

interface ImportancePanelProps {
  readonly rounds: readonly RoundSummary[];
  readonly layers: readonly LayerView[];
  readonly picked: number | null;
  readonly onPick: (round: number) => void;
}

/** The layer x round heatmap, with the same numbers as a table for whoever cannot see it. */
export function ImportancePanel({ rounds, layers, picked, onPick }: ImportancePanelProps) {
  const [chosen, setView] = useState<View | null>(null);
  const scores = useMemo(() => importanceMatrix(rounds, layers, 'share'), [rounds, layers]);
  // a strategy without a probe has no scores; who trained what is then all there is to see
  const view = chosen ?? (scores.cells.length === 0 && rounds.length > 0 ? 'trained' : 'share');
  const measure = view === 'table' ? 'share' : view;
  const matrix = useMemo(() => importanceMatrix(rounds, layers, measure), [rounds, layers, measure]);
  return (
    <Panel
      title="Layer importance"
      hint={hint}
      testId="importance"
      controls={
        <SegmentedControl
          size="xs"
          aria-label="What the cells show"
          data={views.map((v) => ({ ...v }))}
          value={view}
          onChange={(value) => setView(views.find((v) => v.value === value)?.value ?? 'share')}
        />
      }
    >
      {view === 'table' ? (
        <ImportanceTable matrix={scores} />
      ) : (
        <>
          <Heatmap matrix={matrix} measure={measure} picked={picked} onPick={onPick} />
          <VisuallyHidden>
            <ImportanceTable matrix={scores} />
          </VisuallyHidden>
        </>
      )}
    </Panel>
  );
}

interface HeatmapProps {
  readonly matrix: ImportanceMatrix;
  readonly measure: Measure;
  readonly picked: number | null;
  readonly onPick: (round: number) => void;
}

function Heatmap({ matrix, measure, picked, onPick }: HeatmapProps) {
  const palette = usePalette();
  const option = useMemo(
    () => importanceOption(matrix, measure, picked, palette),
    [matrix, measure, picked, palette],
  );
  const pick = useCallback(
    (index: number) => {
      const cell = drawnCells(matrix, picked)[index];
      if (cell !== undefined) onPick(cell.round);
    },
    [matrix, picked, onPick],
  );
  const height = Math.max(220, Math.min(460, 60 + 26 * matrix.layers.length));
  if (matrix.cells.length === 0) {
    return (
      <div className={classes.empty}>
        <Text size="sm" c="dimmed">
          The map fills with the first round’s{' '}
          {measure === 'trained' || measure === 'effective' ? 'masks' : 'probe'}.
        </Text>
      </div>
    );
  }
  const [low, high] = legends[measure];
  return (
    <>
      <Chart
        option={option}
        height={height}
        label="Layer importance by round"
        onPick={pick}
        testId="heatmap"
      />
      <div className={classes.legend}>
        <span>{low}</span>
        <span className={classes.ramp} aria-hidden="true">
          {palette.ramp.map((color) => (
            <span key={color} style={{ background: color }} />
          ))}
        </span>
        <span>{high}</span>
      </div>
    </>
  );
}
