import { Anchor, Button } from '@mantine/core';
import { participantRoutes, type RunPublic } from '@strata/fl-core/protocol';
import { IconArrowRight } from '@tabler/icons-react';
import { Link } from 'wouter';
import { server } from '../shared/api/api.ts';
import { ErrorNotice } from '../shared/components/ErrorNotice.tsx';
import { PageFrame } from '../shared/components/PageFrame.tsx';
import { PageLoading } from '../shared/components/PageLoading.tsx';
import { StaleNotice } from '../shared/components/StaleNotice.tsx';
import { useLoaded } from '../shared/hooks/useLoaded.ts';
import { plural } from '../shared/texts/format.ts';
import classes from './StartPage.module.css';
import { learns } from './task-words.ts';

const refreshMs = 5_000;
const over: ReadonlySet<RunPublic['state']> = new Set(['finished', 'stopped', 'failed']);

const loadRuns = (signal: AbortSignal) => server.call(participantRoutes.publicRuns, {}, { signal });

/** `/`: the runs that can be joined. */
export default function StartPage() {
  const runs = useLoaded(['open-runs'], loadRuns, { everyMs: refreshMs });
  return (
    <PageFrame narrow>
      <header className={classes.hero}>
        <h1>Teach a model without giving your data away</h1>
        <p>
          In Strata, people train one model together. Your browser learns from your pictures or texts on your
          own device and shares only what it learned.
        </p>
      </header>
      {runs.kind === 'loading' && <PageLoading label="Loading the runs" />}
      {runs.kind === 'failed' && <ErrorNotice error={runs.error} onRetry={runs.reload} />}
      {runs.kind === 'ready' && <StaleNotice why={runs.stale} />}
      {runs.kind === 'ready' && <OpenRuns runs={runs.value.filter((run) => !over.has(run.state))} />}
      <p className={classes.foot}>
        Curious how fast this device is?{' '}
        <Anchor component={Link} href="/bench" inherit>
          Measure it
        </Anchor>
      </p>
    </PageFrame>
  );
}

function OpenRuns({ runs }: { runs: readonly RunPublic[] }) {
  if (runs.length === 0) {
    return (
      <div className={classes.empty} role="status">
        <h2>No run is open right now</h2>
        <p>If somebody invited you, use the link they sent. This list refreshes by itself.</p>
      </div>
    );
  }
  return (
    <ul className={classes.runs} aria-label="Open runs">
      {runs.map((run) => (
        <li key={run.id} className={classes.run}>
          <div>
            <h2 dir="auto">{run.name}</h2>
            <p>
              It learns {learns(run)} · {run.committed} of {plural(run.rounds, 'round')} done ·{' '}
              {plural(run.clients, 'participant')} here
            </p>
          </div>
          <Button
            // A page of its own: the camera is allowed there and not here, and a browser asks once a page.
            component="a"
            href={`/join/${run.id}`}
            rightSection={<IconArrowRight size={16} />}
            aria-label={`Take part in ${run.name}`}
          >
            Take part
          </Button>
        </li>
      ))}
    </ul>
  );
}
