import { Button, Radio, SimpleGrid, Text } from '@mantine/core';
import type { Size } from '@strata/gpu-bench';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useState } from 'react';
import { Choice } from '../shared/components/Choice.tsx';
import { Panel } from '../shared/components/Panel.tsx';
import classes from './Bench.module.css';
import type { Device } from './look.ts';

interface SetupProps {
  readonly device: Device;
  /** Chosen to begin with. */
  readonly size: Size;
  readonly busy: boolean;
  readonly onStart: (size: Size) => void;
}

const choices: readonly { readonly size: Size; readonly title: string; readonly text: string }[] = [
  {
    size: 'card',
    title: 'A graphics card',
    text: 'Models that people fine-tune, up to ViT-B/32 and BERT-base. Takes about 2 GB of its memory.',
  },
  {
    size: 'small',
    title: 'Small',
    text: 'Any device, also without a graphics card: the same kinds of model, a few thousand times smaller.',
  },
];

/** What the browser has to offer, what to measure, and one button. */
export function Setup({ device, size: initial, busy, onStart }: SetupProps) {
  const [size, setSize] = useState(initial);
  return (
    <Panel title="What to measure" testId="bench-setup">
      <Text size="sm">
        The browser offers <strong>{device.name || 'a graphics card without a name'}</strong>.{' '}
        <span className={classes.muted}>{device.reason}</span>
      </Text>
      <Radio.Group
        value={size}
        onChange={(value) => setSize(value === 'card' ? 'card' : 'small')}
        aria-label="What to measure"
        my="sm"
      >
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
          {choices.map((choice) => (
            <Choice
              key={choice.size}
              value={choice.size}
              title={choice.title}
              text={choice.text}
              disabled={busy}
              {...(choice.size === device.size && { badge: { label: 'suits this device', color: 'tide' } })}
            />
          ))}
        </SimpleGrid>
      </Radio.Group>
      <Button
        leftSection={<IconPlayerPlay size={16} />}
        disabled={busy}
        onClick={() => onStart(size)}
        data-testid="bench-start"
      >
        Start
      </Button>
    </Panel>
  );
}
