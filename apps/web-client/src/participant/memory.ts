import { type Identity, newIdentity } from '@strata/client';
import { Id, LayerName, SampleId, Sha256 } from '@strata/fl-core/protocol';
import { z } from 'zod';
import { shares } from './share.ts';

/** What a tab keeps of its part in a run, so that a refresh goes on as the same participant. */
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

/** The tab's memory of `run`; a new identity when there is none, called `client` where that is given. */
export function recall(
  run: string,
  storage: Pick<Storage, 'getItem'> = sessionStorage,
  client?: string,
): Memory {
  const fresh = {
    ...newIdentity(),
    ...(client === undefined ? {} : { client }),
    name: '',
    share: 'suggested' as const,
    joined: false,
    data: null,
    past: null,
  };
  try {
    const kept = Memory.safeParse(JSON.parse(storage.getItem(keyOf(run)) ?? 'null'));
    return kept.success ? kept.data : fresh;
  } catch {
    return fresh;
  }
}

/** Storage may be full or forbidden; then a refresh starts as somebody new, and nothing else is lost. */
export function remember(
  run: string,
  memory: Memory,
  storage: Pick<Storage, 'setItem'> = sessionStorage,
): void {
  try {
    storage.setItem(keyOf(run), JSON.stringify(memory));
  } catch {
    return;
  }
}

export function forget(run: string, storage: Pick<Storage, 'removeItem'> = sessionStorage): void {
  storage.removeItem(keyOf(run));
}

export const identityOf = ({ client, secret }: Memory): Identity => ({ client, secret });
