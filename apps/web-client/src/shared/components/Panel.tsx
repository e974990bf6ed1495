import { ActionIcon, Group, Paper, Text, Title, Tooltip } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import { type ReactNode, useId } from 'react';
import classes from './Panel.module.css';

interface PanelProps {
  readonly title: string;
  /** Position in a sequence of panels, from 1. */
  readonly step?: number;
  /** What one is looking at, in a sentence or two. */
  readonly hint?: string;
  /** Right end of the heading. */
  readonly controls?: ReactNode;
  readonly children: ReactNode;
  /** Children reach the edges, as tables do. */
  readonly flush?: boolean;
  /** No higher than the room it has; what is longer or wider scrolls, by keyboard, too. */
  readonly fill?: boolean;
  readonly testId?: string;
}

export function Panel({
  title,
  step,
  hint,
  controls,
  children,
  flush = false,
  fill = false,
  testId,
}: PanelProps) {
  const id = useId();
  return (
    <Paper component="section" withBorder className={classes.panel} aria-labelledby={id} data-testid={testId}>
      <Group className={classes.head} justify="space-between" gap="xs">
        <Group gap={4} wrap="nowrap">
          {step !== undefined && <span className={classes.step}>{step}</span>}
          <Title order={2} size="h3" id={id}>
            {title}
          </Title>
          {hint && (
            <Tooltip label={<Text size="xs">{hint}</Text>}>
              <ActionIcon size="sm" aria-label={`About ${title}: ${hint}`}>
                <IconInfoCircle size={15} stroke={1.75} />
              </ActionIcon>
            </Tooltip>
          )}
        </Group>
        {controls}
      </Group>
      <div
        className={classes.body}
        data-flush={flush || undefined}
        {...(fill && { 'data-fill': true, role: 'region', 'aria-label': `${title}, contents`, tabIndex: 0 })}
      >
        {children}
      </div>
    </Paper>
  );
}
