import type { RunPublic } from '@strata/fl-core/protocol';
import { plural } from '../shared/texts/format.ts';
import classes from './Intro.module.css';
import { learns, purpose } from './task-words.ts';

const states: Readonly<Record<RunPublic['state'], string>> = {
  draft: 'Not started yet',
  running: 'Running',
  paused: 'Paused by the organiser',
  finished: 'Finished',
  stopped: 'Ended',
  failed: 'Ended by a fault',
};

/** What this run is. */
export function Intro({ run }: { run: RunPublic }) {
  return (
    <header className={classes.intro}>
      <p className={classes.eyebrow}>You are invited to teach a model</p>
      <h1 className={classes.title} dir="auto">
        {run.name}
      </h1>
      <p className={classes.lead} dir="auto">
        {run.description ||
          `${purpose(run)} Each device learns from its own data and shares only what it learned.`}
      </p>
      <dl className={classes.facts}>
        <Fact name="State" value={states[run.state]} />
        <Fact name="Rounds" value={`${run.committed} of ${run.rounds} done`} />
        <Fact name="Here now" value={plural(run.clients, 'participant')} />
        <Fact name="It learns" value={learns(run)} />
      </dl>
    </header>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
