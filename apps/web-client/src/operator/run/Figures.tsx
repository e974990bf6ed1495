import { Paper, SimpleGrid, Text } from '@mantine/core';
import type { RunView } from '@strata/fl-core/protocol';
import classes from './Figures.module.css';
import { type Figure, figures } from './figures.ts';

/** The numbers that an operator looks for first. */
export function Figures({ run }: { run: RunView }) {
  const all = figures(run);
  return (
    <SimpleGrid cols={{ base: 2, md: all.length }} spacing={{ base: 'xs', sm: 'md' }}>
      {all.map((figure) => (
        <Tile key={figure.id} figure={figure} />
      ))}
    </SimpleGrid>
  );
}

function Tile({ figure: { id, label, value, note, trend } }: { figure: Figure }) {
  return (
    <Paper withBorder className={classes.tile} data-figure={id}>
      <Text size="xs" c="dimmed" fw={550}>
        {label}
      </Text>
      <Text className={classes.value}>{value}</Text>
      <Text size="xs" className={classes.note} data-trend={trend}>
        {note}
      </Text>
    </Paper>
  );
}
