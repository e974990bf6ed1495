import { Badge, type MantineColor, Radio, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './Choice.module.css';

interface ChoiceProps {
  readonly value: string;
  readonly title: string;
  readonly text: ReactNode;
  readonly picture?: ReactNode;
  readonly badge?: { readonly label: string; readonly color: MantineColor };
  readonly disabled?: boolean;
}

/** A radio button as large as what it stands for. Use inside `Radio.Group` and a grid. */
export function Choice({ value, title, text, picture, badge, disabled = false }: ChoiceProps) {
  return (
    <Radio.Card value={value} disabled={disabled} className={classes.card} p="md">
      {picture}
      <div className={classes.head}>
        <Radio.Indicator disabled={disabled} />
        <Text fw={600} size="sm" flex={1}>
          {title}
        </Text>
        {badge && (
          <Badge size="sm" variant="light" color={badge.color} tt="none">
            {badge.label}
          </Badge>
        )}
      </div>
      <Text size="sm" c="dimmed" component="div">
        {text}
      </Text>
    </Radio.Card>
  );
}
