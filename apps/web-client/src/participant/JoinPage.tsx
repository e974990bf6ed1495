import { routes } from '@strata/fl-core/protocol';
import { useCallback } from 'react';
import { server } from '../app/api.ts';
import { ErrorNotice } from '../app/ErrorNotice.tsx';
import { PageLoading } from '../app/PageLoading.tsx';
import { Shell } from '../app/Shell.tsx';
import { useLoaded } from '../app/useLoaded.ts';
import { Participant } from './Participant.tsx';

/** `/join/:run`. */
export default function JoinPage({ params }: { params: { run: string } }) {
  const load = useCallback(
    (signal: AbortSignal) => server.call(routes.publicRun, { params: { run: params.run } }, { signal }),
    [params.run],
  );
  const run = useLoaded(load);
  switch (run.kind) {
    case 'loading':
      return (
        <Shell narrow>
          <PageLoading label="Loading the run" />
        </Shell>
      );
    case 'failed':
      return (
        <Shell narrow>
          <ErrorNotice error={run.error} onRetry={run.reload} />
        </Shell>
      );
    case 'ready':
      return <Participant key={run.value.id} run={run.value} />;
  }
}
