import { Flex, Text } from '@mantine/core';
import type { RoundSummary } from '@strata/fl-core/protocol';
import { type ReactNode, useMemo } from 'react';
import { Chart } from '../../shared/chart/Chart.tsx';
import type { ChartOption } from '../../shared/chart/echarts.ts';
import { Panel } from '../../shared/components/Panel.tsx';
import { usePalette } from '../../shared/hooks/usePalette.ts';
import type { Palette } from '../../shared/palette.ts';
import classes from './ImportancePanel.module.css';

interface MetricPanelProps {
  readonly title: string;
  readonly hint: string;
  /** What to look for, always in sight. */
  readonly text?: string;
  readonly rounds: readonly RoundSummary[];
  readonly has: (round: RoundSummary) => boolean;
  readonly draw: (rounds: readonly RoundSummary[], palette: Palette) => ChartOption;
  readonly empty: string;
  readonly controls?: ReactNode;
  readonly testId?: string;
}

/** A chart over the rounds, or what will bring it. */
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
  const option = useMemo(() => draw(rounds, palette), [draw, rounds, palette]);
  return (
    <Panel title={title} hint={hint} controls={controls} {...(testId && { testId })}>
      {/* The room that the text leaves is the picture's. */}
      <Flex direction="column" h="100%">
        {text && (
          <Text size="sm" c="dimmed" mb="xs">
            {text}
          </Text>
        )}
        {rounds.some(has) ? (
          <Chart option={option} height={230} label={`${title} by round`} />
        ) : (
          <div className={classes.empty}>
            <Text size="sm" c="dimmed">
              {empty}
            </Text>
          </div>
        )}
      </Flex>
    </Panel>
  );
}
