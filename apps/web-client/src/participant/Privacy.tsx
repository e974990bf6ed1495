import type { RunPublic } from '@strata/fl-core/protocol';
import { IconArrowUpRight, IconLock } from '@tabler/icons-react';
import { Card } from './Card.tsx';
import classes from './Privacy.module.css';
import { thingsOf } from './task-words.ts';

/** What leaves the device and what does not (C5), complete and in plain words. */
export function Privacy({ run }: { run: RunPublic }) {
  const things = thingsOf(run).many;
  const whole = run.data.kind === 'image' ? 'pictures' : 'texts';
  const labelled = run.labels.length > 0;
  return (
    <Card title="Your data stays with you" testId="privacy">
      <div className={classes.sides}>
        <div>
          <h3 className={classes.side}>
            <IconLock size={18} aria-hidden="true" className={classes.lock} />
            Stays on this device
          </h3>
          <ul className={classes.list}>
            <li>Your {whole}, every one of them</li>
            <li>The names of your files and folders</li>
            {labelled && <li>Which label belongs to which of your {things}</li>}
          </ul>
        </div>
        <div>
          <h3 className={classes.side}>
            <IconArrowUpRight size={18} aria-hidden="true" className={classes.out} />
            Is sent to the organiser
          </h3>
          <ul className={classes.list}>
            <li>Changes to a few layers of the model</li>
            <li>How much each layer matters for your data: one number a layer</li>
            <li>
              How many {things} you have{labelled && ' of each label'}, and how well the model does on them
            </li>
            <li>The kind of device, and the name you give, if any</li>
          </ul>
        </div>
      </div>
    </Card>
  );
}
