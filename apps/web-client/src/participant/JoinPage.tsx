import { createDataPlane, keyInFragment } from '@strata/client';
import type { RunPublic } from '@strata/fl-core/protocol';
import { useCallback, useState } from 'react';
import { initialSnapshot } from '../client/index.ts';
import { PageError } from '../shared/components/PageError.tsx';
import { PageFrame } from '../shared/components/PageFrame.tsx';
import { PageLoading } from '../shared/components/PageLoading.tsx';
import { useLoaded } from '../shared/hooks/useLoaded.ts';
import { joinQuery } from '../shared/join-query.ts';
import { useClaim } from './claim.ts';
import { Ended } from './Ended.tsx';
import { identityOf, type Memory, newMemory, recall, tabAlone } from './memory.ts';
import { Participant } from './Participant.tsx';
import { Taken } from './Taken.tsx';

/** `/join/:run#KEY`; the key stays in the address, so that a reload, or the copied address, is the join link again. */
export function JoinPage({ params }: { params: { run: string } }) {
  const [key] = useState(() => keyInFragment(location.hash));
  const [memory, setMemory] = useState(() => {
    const { client, autostart } = joinQuery(location.search);
    return autostart ? recall(params.run, client, tabAlone) : recall(params.run, client);
  });
  // Whoever has joined is let in even where the link was renewed since.
  const [identity] = useState(() => identityOf(memory));
  const load = useCallback(
    (signal: AbortSignal) => createDataPlane({ server: '', run: params.run, key, identity }).run(signal),
    [params.run, key, identity],
  );
  const run = useLoaded(['run', params.run, key, identity.client], load);
  const claimed = useClaim(memory.client);
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
          <PageError title="This run cannot be opened" error={run.error} onRetry={run.reload} />
        </PageFrame>
      );
    case 'ready':
      return (
        <Seat
          key={run.value.id}
          run={run.value}
          joinKey={key}
          claimed={claimed}
          memory={memory}
          onAnew={() => setMemory(newMemory())}
        />
      );
  }
}

interface SeatProps {
  readonly run: RunPublic;
  readonly joinKey: string | null;
  readonly claimed: ReturnType<typeof useClaim>;
  readonly memory: Memory;
  readonly onAnew: () => void;
}

/** Who takes part by this page; no other tab of this browser does as the same one. */
function Seat({ run, joinKey, claimed, memory, onAnew }: SeatProps) {
  const { state } = run;
  const over = state === 'finished' || state === 'stopped' || state === 'failed' ? state : null;
  if (over !== null && memory.past !== null && memory.past.roundsDone > 0) {
    // Nothing is left to do: what this browser did is told without a device or data.
    const phase = { kind: 'over', state: over, message: '' } as const;
    return (
      <PageFrame narrow>
        <Ended snapshot={{ ...initialSnapshot(memory.client, memory.past), run, phase }} />
      </PageFrame>
    );
  }
  switch (claimed) {
    case 'asking':
      return (
        <PageFrame narrow>
          <PageLoading label="Loading the run" />
        </PageFrame>
      );
    case 'taken':
      return (
        <PageFrame narrow>
          <Taken run={run} onAnew={onAnew} />
        </PageFrame>
      );
    case 'ours':
      return <Participant key={memory.client} run={run} joinKey={joinKey} remembered={memory} />;
    default:
      return claimed satisfies never;
  }
}
