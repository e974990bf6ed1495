import type { RunView, SampleId } from '@strata/fl-core/protocol';
import { type ClientHandle, startClient } from '../../client/index.ts';
import { joinQuery } from '../../shared/join-query.ts';
import { demoName, freeShards, shardCount } from './shards.ts';

export interface DemoParticipant {
  readonly run: string;
  readonly shard: number;
  readonly name: string;
  readonly handle: ClientHandle;
}

let participants: readonly DemoParticipant[] = [];
const listeners = new Set<() => void>();

function set(next: readonly DemoParticipant[]): void {
  participants = next;
  for (const listener of listeners) listener();
}

/**
 * The demo participants of this tab, over all runs. They belong to the tab and not to a page of it: looking at
 * another run must not end them.
 */
export const demoParticipants = {
  snapshot: (): readonly DemoParticipant[] => participants,

  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },

  /** Starts up to `wanted` more with parts of the sample that nobody here has; returns how many. */
  add({ id: run, joinKey: key }: Pick<RunView, 'id' | 'joinKey'>, sample: SampleId, wanted: number): number {
    // `?backend=` forces one (C2), here as on the participants' page
    const { backend } = joinQuery(location.search);
    const taken = participants.filter((p) => p.run === run).map((p) => p.shard);
    const added = freeShards(taken, wanted).map((shard) => {
      const name = demoName(shard);
      const data = { kind: 'sample', sample, shard, of: shardCount } as const;
      return { run, shard, name, handle: startClient({ run, key, name, data, ...(backend && { backend }) }) };
    });
    set([...participants, ...added]);
    return added.length;
  },

  /** Says goodbye to the run, which then waits for nobody, and frees the part of the data. */
  stop(participant: DemoParticipant): void {
    participant.handle.leave();
    set(participants.filter((p) => p !== participant));
    // the worker needs a moment to send its goodbye
    setTimeout(() => participant.handle.dispose(), 2000);
  },
};
