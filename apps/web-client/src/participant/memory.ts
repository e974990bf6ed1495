import { type Identity, newIdentity } from '@strata/client';
import { Id, LayerName, SampleId, Sha256 } from '@strata/fl-core/protocol';
import { z } from 'zod';
import { browserStorage, type Kept, tabStorage } from '../shared/storage.ts';
import { shares } from './share.ts';

/** What is kept of a part in a run, so that a refresh, or a tab opened later, goes on as the same participant. */
const Memory = z.object({
  client: Id,
  secret: Sha256,
  name: z.string().max(80),
  share: z.enum(shares).default('suggested'),
  /** Whether the person had joined. */
  joined: z.boolean(),
  data: z
    .discriminatedUnion('kind', [
      z.object({
        kind: z.literal('sample'),
        sample: SampleId,
        shard: z.number().int(),
        of: z.number().int(),
      }),
      /** Own data: what the worker prepared of it is on the device, the files themselves cannot be kept. */
      z.object({ kind: z.literal('files') }),
    ])
    .nullable(),
  past: z
    .object({
      scores: z.record(LayerName, z.number()).nullable(),
      mask: z.array(LayerName).readonly().nullable(),
      losses: z.array(z.object({ round: z.number(), loss: z.number() })).readonly(),
      accuracies: z.array(z.object({ round: z.number(), accuracy: z.number() })).readonly(),
      roundsDone: z.number(),
      bytesDown: z.number(),
      bytesUp: z.number(),
    })
    .nullable(),
});
export type Memory = z.infer<typeof Memory>;

const keyOf = (run: string) => `strata-join-${run}`;

/** Where memories are: the tab's own, and the browser's, which a closed tab leaves behind. */
export interface Places {
  readonly tab: Kept;
  readonly browser: Kept;
}
const places: Places = { tab: tabStorage, browser: browserStorage };
const nothing: Kept = { getItem: () => null, setItem: () => {}, removeItem: () => {} };
/** Of a tab that is one of many by itself, as demos open them. */
export const tabAlone: Places = { tab: tabStorage, browser: nothing };

function read(run: string, storage: Kept): Memory | null {
  try {
    const kept = Memory.safeParse(JSON.parse(storage.getItem(keyOf(run)) ?? 'null'));
    return kept.success ? kept.data : null;
  } catch {
    return null;
  }
}

/** Somebody new, called `client` where that is given. */
export const newMemory = (client?: string): Memory => ({
  ...newIdentity(),
  ...(client === undefined ? {} : { client }),
  name: '',
  share: 'suggested',
  joined: false,
  data: null,
  past: null,
});

/**
 * Who this is in `run`: as the tab remembers, else as a tab of this browser did that has been closed; somebody new when
 * nobody does. `client` names who it must be, where that is given.
 */
export function recall(run: string, client?: string, { tab, browser }: Places = places): Memory {
  const left = read(run, browser);
  // A tab that was closed has stopped: whoever opens the link again is asked again.
  const kept = read(run, tab) ?? (left === null ? null : { ...left, joined: false });
  return kept !== null && (client === undefined || kept.client === client) ? kept : newMemory(client);
}

/**
 * Storage may be full or forbidden; then a refresh starts as somebody new, and nothing else is lost. The browser
 * remembers whom it saw first: a second participant in it is the tab's alone.
 */
export function remember(run: string, memory: Memory, { tab, browser }: Places = places): void {
  const first = read(run, browser);
  const storages = first === null || first.client === memory.client ? [tab, browser] : [tab];
  for (const storage of storages) {
    try {
      storage.setItem(keyOf(run), JSON.stringify(memory));
    } catch {
      // the other one may have room
    }
  }
}

export function forget(run: string, { tab, browser }: Places = places): void {
  for (const storage of [tab, browser]) storage.removeItem(keyOf(run));
}

export const identityOf = ({ client, secret }: Memory): Identity => ({ client, secret });
