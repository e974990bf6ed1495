import { Group, SegmentedControl, Text, VisuallyHidden } from '@mantine/core';
import type { LayerView, RoundSummary } from '@strata/fl-core/protocol';
import { type Ref, useCallback, useMemo, useRef, useState } from 'react';
import { Chart, type ChartHandle } from '../../shared/chart/Chart.tsx';
import { Panel } from '../../shared/components/Panel.tsx';
import { WideTable } from '../../shared/components/WideTable.tsx';
import { usePalette } from '../../shared/hooks/usePalette.ts';
import { drawnCells, heatmapRows, importanceOption } from './charts/heatmap.ts';
import { type ImportanceMatrix, importanceMatrix, type Measure } from './charts/importance.ts';
import dashboard from './Dashboard.module.css';
import classes from './ImportancePanel.module.css';
import { ImportanceTable } from './ImportanceTable.tsx';
import { SaveMenu } from './SaveMenu.tsx';

const hint =
  'Share: how much of a round’s importance a layer has, by the mean score over the participants that probed. Score: that mean itself. Under differential privacy of participants, unless it reports figures, a run shows here the noised shares that its layers were chosen by. Trained: how many participants trained the layer. Participants: how many stand behind it once weighed by their samples. A click on a cell shows that round’s masks.';

const views = [
  { value: 'share', label: 'Share' },
  { value: 'value', label: 'Score' },
  { value: 'trained', label: 'Trained' },
  { value: 'effective', label: 'Participants' },
  { value: 'table', label: 'Table' },
] as const;
type View = (typeof views)[number]['value'];

interface ImportancePanelProps {
  readonly rounds: readonly RoundSummary[];
  readonly layers: readonly LayerView[];
  readonly picked: number | null;
  readonly onPick: (round: number) => void;
}

/** The layer x round heatmap, with the same numbers as a table for whoever cannot see it. */
export function ImportancePanel({ rounds, layers, picked, onPick }: ImportancePanelProps) {
  const [chosen, setView] = useState<View | null>(null);
  const handle = useRef<ChartHandle>(null);
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
        <Group gap="xs" wrap="nowrap">
          <SegmentedControl
            size="xs"
            aria-label="What the cells show"
            data={views.map((v) => ({ ...v }))}
            value={view}
            onChange={(value) => setView(views.find((v) => v.value === value)?.value ?? 'share')}
          />
          {matrix.cells.length > 0 && (
            <SaveMenu
              title="Layer importance"
              rows={() => heatmapRows(matrix)}
              {...(view !== 'table' && {
                picture: async () => handle.current?.picture() ?? Promise.reject(new Error('No chart yet.')),
              })}
            />
          )}
        </Group>
      }
    >
      {view === 'table' ? (
        <WideTable label="Layer importance, in numbers" minWidth={300} maxHeight={420}>
          <ImportanceTable matrix={scores} />
        </WideTable>
      ) : (
        <>
          <Heatmap matrix={matrix} measure={measure} picked={picked} onPick={onPick} handle={handle} />
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
  readonly handle: Ref<ChartHandle>;
}

function Heatmap({ matrix, measure, picked, onPick, handle }: HeatmapProps) {
  const palette = usePalette();
  const option = useMemo(() => importanceOption(matrix, picked, palette), [matrix, picked, palette]);
  const pick = useCallback(
    (index: number) => {
      const cell = drawnCells(matrix, picked)[index];
      if (cell !== undefined) onPick(cell.round);
    },
    [matrix, picked, onPick],
  );
  const height = Math.max(240, Math.min(460, 60 + 26 * matrix.layers.length));
  if (matrix.cells.length === 0) {
    return (
      // as high as the map and its legend will be
      <div className={dashboard.empty} style={{ minHeight: height + 24 }}>
        <Text size="sm" c="dimmed">
          The map fills with the first round’s{' '}
          {measure === 'trained' || measure === 'effective' ? 'masks' : 'probe'}.
        </Text>
      </div>
    );
  }
  const [low, high] = matrix.ends;
  return (
    <>
      <Chart
        option={option}
        height={height}
        label="Layer importance by round, as a map. The table after it has the scores."
        onPick={pick}
        handle={handle}
        testId="heatmap"
      />
      <div className={classes.legend} data-testid="heatmap-legend">
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
