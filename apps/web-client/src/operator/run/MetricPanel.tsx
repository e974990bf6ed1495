import { Flex, Group, Text } from '@mantine/core';
import type { RoundSummary } from '@strata/fl-core/protocol';
import { type ReactNode, useMemo, useRef } from 'react';
import { Chart, type ChartHandle } from '../../shared/chart/Chart.tsx';
import { Panel } from '../../shared/components/Panel.tsx';
import { usePalette } from '../../shared/hooks/usePalette.ts';
import { type RoundChart, roundChartOption, roundChartRows, roundChartText } from './charts/round-chart.ts';
import classes from './Dashboard.module.css';
import { SaveMenu } from './SaveMenu.tsx';

interface MetricPanelProps {
  readonly title: string;
  readonly hint: string;
  /** What to look for, always in sight. */
  readonly text?: string;
  readonly rounds: readonly RoundSummary[];
  readonly has: (round: RoundSummary) => boolean;
  readonly draw: (rounds: readonly RoundSummary[]) => RoundChart;
  readonly empty: string;
  readonly controls?: ReactNode;
  readonly testId?: string;
}

const height = 240;

/** A chart over the rounds, or what will bring it, which takes the same room. */
export function MetricPanel({
  title,
  hint,
  text,
  rounds,
  has,
  draw,
  empty,
  controls,
  testId,
}: MetricPanelProps) {
  const palette = usePalette();
  const handle = useRef<ChartHandle>(null);
  const chart = useMemo(() => draw(rounds), [draw, rounds]);
  const option = useMemo(() => roundChartOption(chart, palette), [chart, palette]);
  const label = useMemo(() => roundChartText(title, chart), [title, chart]);
  const some = rounds.some(has);
  return (
    <Panel
      title={title}
      hint={hint}
      controls={
        <Group gap="xs" wrap="nowrap">
          {controls}
          {some && (
            <SaveMenu
              title={title}
              rows={() => roundChartRows(chart)}
              picture={async () => handle.current?.picture() ?? Promise.reject(new Error('No chart yet.'))}
            />
          )}
        </Group>
      }
      {...(testId && { testId })}
    >
      {/* The room that the text leaves is the picture's. */}
      <Flex direction="column" h="100%" justify="space-between">
        {text && (
          <Text size="sm" c="dimmed" mb="xs">
            {text}
          </Text>
        )}
        {some ? (
          <Chart option={option} height={height} label={label} handle={handle} />
        ) : (
          <div className={classes.empty} style={{ minHeight: height }}>
            <Text size="sm" c="dimmed">
              {empty}
            </Text>
          </div>
        )}
      </Flex>
    </Panel>
  );
}
