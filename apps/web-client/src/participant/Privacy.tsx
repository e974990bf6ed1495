import { Alert } from '@mantine/core';
import type { RunPublic } from '@strata/fl-core/protocol';
import { IconArrowUpRight, IconLock, IconUsers } from '@tabler/icons-react';
import { percent, plural } from '../shared/texts/format.ts';
import { epsilonText, guessText, sampleGuessText } from '../shared/texts/privacy-text.ts';
import { Card } from './Card.tsx';
import classes from './Privacy.module.css';
import { thingsOf } from './task-words.ts';

/** What is told of how a model does on somebody's data, behind how much of that there is. */
const figuresTold = {
  withheld: '; not how well the model does on them',
  noised:
    ', and how often the model is right on those set aside: that is mixed with the others’ and noised before anybody sees it',
  reported: ', and how well the model does on them',
} as const;

/** What leaves the device and what does not (C5), complete and in plain words. */
export function Privacy({ run }: { run: RunPublic }) {
  const things = thingsOf(run).many;
  const whole = run.data.kind === 'image' ? 'pictures' : 'texts';
  const labelled = run.labels.length > 0;
  const { cohort, local, sealing } = run;
  const summed = local.warmUp.kind === 'closed-form';
  return (
    <Card title="Your data stays with you" testId="privacy">
      {run.purpose.kind === 'test' && sealing.kind === 'open' && run.privacy.kind !== 'sample' && (
        <Alert color="ochre" variant="light" title="This run is a test" mb="md" data-testid="test-run">
          It may go on with a single participant. Of so few, what you send could be read by the organiser:
          parts of your {things}, or their labels. Take part with data that he may see.
        </Alert>
      )}
      <div className={classes.sides}>
        <div>
          <h3 className={classes.side}>
            <IconLock size={18} aria-hidden="true" className={classes.lock} />
            Stays on this device
          </h3>
          <ul className={classes.list}>
            <li>Your {whole}, every one of them</li>
            <li>The names of your files and folders</li>
            {labelled && (
              <li>
                Which label belongs to which of your {things}
                {!summed && ', and how many you have of each label'}
              </li>
            )}
          </ul>
        </div>
        <div>
          <h3 className={classes.side}>
            <IconArrowUpRight size={18} aria-hidden="true" className={classes.out} />
            Is sent to the organiser
          </h3>
          <ul className={classes.list}>
            {run.privacy.kind === 'sample' ? (
              <>
                <li data-testid="sample-privacy">
                  Changes to a few layers of the model, <strong>noised on this device</strong> before they
                  leave
                </li>
                <li>How many {things} you have, and how much of your protection is used up (ε)</li>
              </>
            ) : sealing.kind === 'open' ? (
              <>
                <li>Changes to a few layers of the model</li>
                {summed && (
                  <li data-testid="sums">
                    In the first {local.warmUp.rounds === 1 ? 'round' : `${local.warmUp.rounds} rounds`}
                    {local.warmUp.kind === 'closed-form' && local.warmUp.every > 0 && ', and now and then,'}{' '}
                    instead of changes: sums of what the model sees in your {things}, by label. They tell how
                    many you have of each label
                  </li>
                )}
                <li>How much each layer matters for your data: one number a layer</li>
                <li data-testid="figures-told">
                  How many {things} you have
                  {run.privacy.kind === 'client'
                    ? figuresTold[run.privacy.figures.kind]
                    : figuresTold.reported}
                </li>
              </>
            ) : (
              <>
                <li data-testid="sealed">
                  <strong>Sealed:</strong> changes to a few layers of the model
                  {run.privacy.kind === 'distributed'
                    ? ', with noise'
                    : `, how many ${things} you have, how well the model does on them and how much each layer matters`}
                  . Each number is masked; the organiser can read the sum of at least {sealing.atLeast}{' '}
                  participants, and no single part
                </li>
                <li>Keys for these masks, shared with the other participants of a round</li>
                <li>Which layers you trained, and when</li>
              </>
            )}
            <li>A signature with a key of this device, which shows that it was you who sent it</li>
            <li>The kind of device, and the name you give, if any</li>
          </ul>
        </div>
        <div>
          <h3 className={classes.side}>
            <IconUsers size={18} aria-hidden="true" className={classes.out} />
            Is mixed with what others send
          </h3>
          <ul className={classes.list}>
            <li>
              {run.privacy.kind === 'client' && run.privacy.sampling !== null
                ? `Of at least ${plural(cohort.minimum, 'participant')} who are there each is in a round with a chance of ${percent(run.privacy.sampling, 0)}, drawn in secret; the model takes in what those learned`
                : `A round begins with at least ${plural(cohort.minimum, 'participant')}, and ${cohort.goal} are wanted; the model takes in what all of them learned`}
            </li>
            <li>
              Your device goes through your {things} {local.epochs === 1 ? 'once' : `${local.epochs} times`} a
              round{warmUpText(local)}, {local.batchSize} at a time: the more at a time, the less the changes
              tell of one
            </li>
            {sealing.kind === 'open' ? (
              <li>
                The organiser's server mixes them, and sees yours before it does
                {run.privacy.kind === 'sample' && ', with the noise that your device has put on it'}
              </li>
            ) : (
              <li>
                The organiser's server sees sums alone. That protects you from curiosity, leaks and theft; not
                from an organiser who sets out to betray you, since this page comes from his server
              </li>
            )}
            {run.privacy.kind === 'sample' && (
              <li data-testid="guarantee">
                Your device protects each of your {things} by itself: {sampleGuessText(run.privacy)}{' '}
                (differential privacy, ε {epsilonText(run.privacy.epsilon)}, δ {run.privacy.delta}). Before it
                would tell more it takes part no longer. What your {things} have in common is not protected by
                that
              </li>
            )}
            {run.privacy.kind === 'distributed' && (
              <li data-testid="guarantee">
                Your device shortens your changes where they are long and adds noise to them, before they are
                sealed: {guessText(run.privacy)}. That holds for who runs the server, too (differential
                privacy, ε {epsilonText(run.privacy.epsilon)}, δ {run.privacy.delta}
                {run.privacy.colluding > 0 &&
                  `; also where ${run.privacy.colluding} of those whose changes are mixed work with the server`}
                )
              </li>
            )}
            {run.privacy.kind === 'client' && (
              <li data-testid="guarantee">
                Noise is added before anybody sees the mixed model: {guessText(run.privacy)} (differential
                privacy, ε {epsilonText(run.privacy.epsilon)}, δ {run.privacy.delta}
                {run.privacy.figures.kind === 'noised' &&
                  '; that holds together with the published share of right answers, which is noised, too'}
                )
                {run.privacy.figures.kind === 'reported' &&
                  '. Not covered by that: how well the model does on your data, which the organiser is shown as it is'}
              </li>
            )}
          </ul>
        </div>
      </div>
    </Card>
  );
}

function warmUpText({ epochs, warmUp }: RunPublic['local']): string {
  if (warmUp.rounds === 0) return '';
  switch (warmUp.kind) {
    case 'trained':
      return ` (in the first rounds ${warmUp.epochs} times)`;
    case 'closed-form':
      return epochs === 1 ? '' : ' (once in the first)';
    default:
      return warmUp satisfies never;
  }
}
