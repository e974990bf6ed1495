import { Table, Text } from '@mantine/core';
import type { GpuRow } from '@strata/gpu-bench';
import { Fragment } from 'react';
import { Panel } from '../shared/components/Panel.tsx';
import { WideTable } from '../shared/components/WideTable.tsx';
import { bytes, count, milliseconds, percent, rate, score } from '../shared/texts/format.ts';
import classes from './Bench.module.css';
import { type StepView, stepsByModel } from './groups.ts';
import { ShareBar } from './ShareBar.tsx';

const columns = [
  'Of the full step',
  'Of its work',
  'Rate',
  'JavaScript',
  'Dispatches',
  'Memory',
  'First loss',
];

/** Whole training steps: what training fewer layers saves in time, beside what it saves in work. */
export function StepsPanel({ rows }: { rows: readonly GpuRow[] }) {
  const models = stepsByModel(rows);
  if (models.length === 0) return null;
  return (
    <Panel
      title="Training steps"
      hint="One batch: loss, gradients of the chosen layers, AdamW. A step on fewer layers should take the share of the full step’s time that its matrix products are of the full step’s."
      testId="bench-steps"
      flush
    >
      <WideTable label="Steps" minWidth={600}>
        <Table fz="sm" verticalSpacing={6} className={classes.table}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">Layers</Table.Th>
              <Table.Th scope="col" className={classes.wide}>
                Time of a step
              </Table.Th>
              {columns.map((name) => (
                <Table.Th key={name} scope="col" ta="right">
                  {name}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {models.map(({ model, steps }) => (
              <Fragment key={model}>
                <Table.Tr className={classes.group}>
                  <Table.Th scope="rowgroup" colSpan={columns.length + 2}>
                    {model}
                  </Table.Th>
                </Table.Tr>
                {steps.map((step) => (
                  <StepRowView key={step.row.selection} step={step} />
                ))}
              </Fragment>
            ))}
          </Table.Tbody>
        </Table>
      </WideTable>
      <Text size="xs" c="dimmed" px="md" pb="md">
        JavaScript: until the last command of a step was handed to the card. Memory: the most at once.
      </Text>
    </Panel>
  );
}

function StepRowView({ step: { row, timeShare, workShare, width } }: { step: StepView }) {
  const cells = [
    timeShare === null ? '–' : percent(timeShare, 0),
    workShare === null ? '–' : percent(workShare, 0),
    rate(row.flops / row.ms / 1e6, 'GFLOP/s'),
    row.jsMs === null ? '–' : percent(row.jsMs / row.ms, 0),
    row.dispatches === null ? '–' : count(row.dispatches),
    row.peakBytes === null ? '–' : bytes(row.peakBytes),
    score(row.firstLoss),
  ];
  return (
    <Table.Tr data-model={row.model} data-selection={row.selection}>
      <Table.Th scope="row" fw={450}>
        {row.selection}
      </Table.Th>
      <Table.Td>
        <span className={classes.barCell}>
          <span className={classes.barValue}>{milliseconds(row.ms)}</span>
          <ShareBar share={width} quiet={row.selection === 'full'} />
        </span>
      </Table.Td>
      {cells.map((text, i) => (
        <Table.Td key={columns[i]} ta="right">
          {text}
        </Table.Td>
      ))}
    </Table.Tr>
  );
}
