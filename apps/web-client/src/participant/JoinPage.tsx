import { createDataPlane, keyInFragment } from '@strata/client';
import { useCallback, useState } from 'react';
import { ErrorNotice } from '../shared/components/ErrorNotice.tsx';
import { PageFrame } from '../shared/components/PageFrame.tsx';
import { PageLoading } from '../shared/components/PageLoading.tsx';
import { useLoaded } from '../shared/hooks/useLoaded.ts';
import { identityOf, recall } from './memory.ts';
import { Participant } from './Participant.tsx';

/** `/join/:run#KEY`; the key stays in the address, so that a reload, or the copied address, is the join link again. */
export function JoinPage({ params }: { params: { run: string } }) {
  const [key] = useState(() => keyInFragment(location.hash));
  const load = useCallback(
    (signal: AbortSignal) => {
      // Whoever has joined is let in even where the link was renewed since.
      const identity = identityOf(recall(params.run));
      return createDataPlane({ server: '', run: params.run, key, identity }).run(signal);
    },
    [params.run, key],
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
      return <Participant key={run.value.id} run={run.value} joinKey={key} />;
  }
}
