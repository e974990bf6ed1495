import { routes } from '@strata/fl-core/protocol';
import { useCallback } from 'react';
import { server } from '../shared/api/api.ts';
import { ErrorNotice } from '../shared/components/ErrorNotice.tsx';
import { PageFrame } from '../shared/components/PageFrame.tsx';
import { PageLoading } from '../shared/components/PageLoading.tsx';
import { useLoaded } from '../shared/hooks/useLoaded.ts';
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
        <PageFrame narrow>
          <PageLoading label="Loading the run" />
        </PageFrame>
      );
    case 'failed':
      return (
        <PageFrame narrow>
          <ErrorNotice error={run.error} onRetry={run.reload} />
        </PageFrame>
      );
    case 'ready':
      return <Participant key={run.value.id} run={run.value} />;
  }
}
