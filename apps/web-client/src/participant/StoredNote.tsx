import { Button } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import type { ClientSnapshot, Keeping } from '../client/index.ts';
import { bytes } from '../shared/texts/format.ts';
import classes from './StoredNote.module.css';

interface StoredNoteProps extends Pick<ClientSnapshot, 'stored' | 'modelKeeping'> {
  readonly onForget: () => void;
}

/** What this site keeps on the device between visits, and the way to be rid of it. */
export function StoredNote({ stored, modelKeeping, onForget }: StoredNoteProps) {
  const missing = modelKeeping === null ? '' : missingText[modelKeeping];
  if (stored === null || stored.bytes === 0) {
    return missing === '' ? null : <p className={classes.text}>{missing}</p>;
  }
  return (
    <section className={classes.note} aria-label="Stored on this device" data-testid="stored">
      <p className={classes.text}>
        <strong>Stored on this device: {bytes(stored.bytes)}.</strong> Your prepared data and parts of the
        model, for a quick start next time. They stay in this browser. {missing}
      </p>
      <Button
        className={classes.delete}
        variant="default"
        size="xs"
        leftSection={<IconTrash size={14} aria-hidden="true" />}
        onClick={onForget}
        data-testid="forget"
      >
        Delete
      </Button>
    </section>
  );
}

const missingText: Readonly<Record<Keeping, string>> = {
  kept: '',
  'no-room':
    'This device has no room left to keep the whole model: training goes on, and the rest is fetched again next time.',
  unavailable: 'This browser keeps no part of the model: it is fetched again next time.',
};
