import { Button, Group, Paper, Text, Title } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { Link } from 'wouter';
import { useMay } from '../session/session.ts';
import classes from './NoRuns.module.css';
import { TrySample } from './TrySample.tsx';

const steps = [
  {
    title: 'Create a run',
    text: 'A model, the labels, and how much each participant can afford to train.',
  },
  {
    title: 'Share its link',
    text: 'Participants open it and drop in their data. The data stays in their browser tab.',
  },
  {
    title: 'Watch it learn',
    text: 'Each round, everyone trains the few layers that matter most, and the server averages them.',
  },
] as const;

export function NoRuns() {
  const mayCreate = useMay('operator');
  return (
    <Paper withBorder className={classes.empty}>
      <Title order={1}>Fine-tune a model together, without sharing the data</Title>
      <Text c="dimmed" maw="36rem" mt="xs">
        A run trains one model over many browsers. There is none on this server yet.
      </Text>
      <ol className={classes.steps}>
        {steps.map((step, i) => (
          <li key={step.title}>
            <span className={classes.number}>{i + 1}</span>
            <Text fw={600}>{step.title}</Text>
            <Text size="sm" c="dimmed">
              {step.text}
            </Text>
          </li>
        ))}
      </ol>
      {mayCreate && (
        <Group mt="xl">
          <Button component={Link} href="/operator/new" size="md" leftSection={<IconPlus size={18} />}>
            Create a run
          </Button>
          <TrySample variant="default" size="md" />
        </Group>
      )}
    </Paper>
  );
}
