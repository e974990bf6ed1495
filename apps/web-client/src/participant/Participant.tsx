import { useDocumentTitle } from '@mantine/hooks';
import { newIdentity } from '@strata/client';
import type { RunPublic, SampleId } from '@strata/fl-core/protocol';
import { lazy, Suspense, useEffect, useState } from 'react';
import {
  type ClientOptions,
  type ClientPhase,
  type DataChoice,
  type JoinWishes,
  pastOf,
} from '../client/index.ts';
import { PageFrame } from '../shared/components/PageFrame.tsx';
import { PageLoading } from '../shared/components/PageLoading.tsx';
import { type JoinQuery, joinQuery } from '../shared/join-query.ts';
import { Ended } from './Ended.tsx';
import { LayerStack } from './LayerStack.tsx';
import { forget, identityOf, type Memory, remember } from './memory.ts';
import { Setup } from './Setup.tsx';
import { StoredNote } from './StoredNote.tsx';
import { type Share, shareBudget } from './share.ts';
import { useClient } from './useClient.ts';

/** What is seen after joining comes while the person still chooses: the page is there sooner without it. */
const loadLive = () => import('./Live.tsx');
const Live = lazy(loadLive);

/** Parts that the sample data is cut into when the address does not say: each participant draws one. */
const sampleParts = 8;

function sampleChoice(sample: SampleId, { shard, of }: JoinQuery): DataChoice {
  const parts = Math.max(1, of ?? sampleParts);
  return { kind: 'sample', sample, shard: (shard ?? Math.floor(Math.random() * parts)) % parts, of: parts };
}

/** The data that needs nobody to choose it: what a reloaded tab used, or what the address says. */
function givenData(memory: Memory, query: JoinQuery): DataChoice | null {
  if (memory.data?.kind === 'sample') return memory.data;
  if (memory.data?.kind === 'files') return { kind: 'stored', of: 'this-client' };
  return query.sample === undefined ? null : sampleChoice(query.sample, query);
}

/** What the person says when joining. */
function wishes(run: RunPublic, { name, share }: Pick<Memory, 'name' | 'share'>): JoinWishes {
  const budget = shareBudget(share, run.budget);
  return { name, ...(budget === null ? {} : { budget }) };
}

function clientOptions(
  run: RunPublic,
  key: string | null,
  memory: Memory,
  query: JoinQuery,
  data: DataChoice | null,
  join: boolean,
): ClientOptions {
  return {
    run: run.id,
    ...(key === null ? {} : { key }),
    identity: identityOf(memory),
    ...wishes(run, memory),
    join: join ? 'at-once' : 'when-asked',
    ...(data === null ? {} : { data }),
    ...(memory.past === null ? {} : { past: memory.past }),
    ...(query.backend === undefined ? {} : { backend: query.backend }),
    ...(query.seed === undefined ? {} : { seed: query.seed }),
  };
}

/** The others of a sealed run know it by another key: whoever goes on is somebody new. */
const hasLostKey = (phase: ClientPhase | undefined): boolean =>
  phase?.kind === 'failed' && phase.error.code === 'wrong-key';

/** Whether starting again would only end the same way. */
const isForGood = (phase: ClientPhase): boolean =>
  phase.kind === 'over' || (phase.kind === 'failed' && phase.error.code === 'banned');

interface ParticipantProps {
  readonly run: RunPublic;
  readonly joinKey: string | null;
  /** Who this is, and what they have done so far. */
  readonly remembered: Memory;
}

/** One person's way through a run: set up, take part, end. The client behind it lives in its worker. */
export function Participant({ run, joinKey, remembered }: ParticipantProps) {
  useDocumentTitle(`${run.name} · Strata`);
  const [query] = useState(() => joinQuery(location.search));
  const [memory, setMemory] = useState<Memory>(() => ({
    ...remembered,
    name: remembered.name || (query.name ?? ''),
  }));
  const [data, setData] = useState<DataChoice | null>(() => givenData(memory, query));
  const [options, setOptions] = useState<ClientOptions>(() => {
    const join = data !== null && (memory.joined || query.autostart);
    return clientOptions(run, joinKey, memory, query, data, join);
  });
  const [returning] = useState(memory.joined);
  const { handle, snapshot } = useClient(options);
  const phase = snapshot?.phase.kind ?? 'starting';
  const joined = memory.joined || options.join === 'at-once';

  useEffect(() => {
    const newest = handle?.snapshot();
    remember(run.id, {
      ...memory,
      // Who has left is asked again; who comes back is the same participant.
      joined: joined && phase !== 'left',
      data: data === null || data.kind === 'sample' ? data : { kind: 'files' },
      past: newest === undefined ? memory.past : pastOf(newest),
    });
  }, [run.id, phase, memory, joined, data, handle]);

  const looked = snapshot !== null && snapshot.device !== null;
  useEffect(() => {
    if (looked) loadLive().catch(() => undefined); // said where it is shown
  }, [looked]);

  const choose = (choice: DataChoice) => {
    setData(choice);
    handle?.choose(choice);
  };
  const join = (name: string, share: Share) => {
    setMemory({ ...memory, name, share, joined: true });
    handle?.join(wishes(run, { name, share }));
  };
  const forgetAll = () => {
    handle?.forget();
    forget(run.id);
  };
  const again = () => {
    const past = snapshot === null ? null : pastOf(snapshot);
    const who = hasLostKey(snapshot?.phase) ? { ...memory, ...newIdentity() } : memory;
    setMemory(who);
    setOptions(clientOptions(run, joinKey, { ...who, past }, query, data, data !== null));
  };

  if (snapshot === null || handle === null) return <PageFrame narrow>{null}</PageFrame>;
  switch (snapshot.phase.kind) {
    case 'starting':
    case 'choosing':
    case 'loading-data':
    case 'ready':
      return (
        <PageFrame narrow>
          <Setup
            run={snapshot.run ?? run}
            snapshot={snapshot}
            chosen={data?.kind ?? null}
            name={memory.name}
            share={memory.share}
            returning={returning}
            onSample={() => run.data.sample !== null && choose(sampleChoice(run.data.sample, query))}
            onFiles={(files, mapping) => choose({ kind: 'files', files, ...(mapping ? { mapping } : {}) })}
            onStored={() => choose({ kind: 'stored', of: 'anyone' })}
            onMeanings={(meanings) => {
              if (data?.kind !== 'files') return;
              choose({ ...data, mapping: new Map([...(data.mapping ?? []), ...meanings]) });
            }}
            onColumns={(layout, columns) => {
              if (data?.kind !== 'files') return;
              choose({ ...data, columns: new Map([...(data.columns ?? []), [layout, columns]]) });
            }}
            onForget={forgetAll}
            onJoin={join}
          />
        </PageFrame>
      );
    case 'left':
    case 'over':
    case 'failed':
      return (
        <PageFrame narrow>
          <Ended snapshot={snapshot} {...(isForGood(snapshot.phase) ? {} : { onAgain: again })} />
          {snapshot.mask !== null && (
            <LayerStack layers={snapshot.layers} scores={snapshot.scores} mask={snapshot.mask} past />
          )}
          <StoredNote {...snapshot} onForget={forgetAll} />
        </PageFrame>
      );
    default:
      return (
        <PageFrame>
          <Suspense fallback={<PageLoading />}>
            <Live handle={handle} snapshot={snapshot} />
          </Suspense>
        </PageFrame>
      );
  }
}
