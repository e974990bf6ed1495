import { Id, SampleId } from '@strata/fl-core/protocol';
import { z } from 'zod';
import { backendNames } from '../client/index.ts';

/** A number in an address; absent stays absent. */
const whole = (max: number) => z.coerce.number().int().min(0).max(max).optional().catch(undefined);

/**
 * What the address of a join page may say: `?sample=emoji&shard=0&of=4&backend=wasm&seed=1&client=a&name=A&autostart=1`.
 * A value that makes no sense counts as absent, so that a mistyped link still opens the page.
 */
const Query = z.object({
  sample: SampleId.optional().catch(undefined),
  shard: whole(9999),
  of: whole(10_000),
  backend: z.enum(backendNames).optional().catch(undefined),
  seed: whole(4_294_967_295),
  /** Who this is in the run, so that one with the same seed can be repeated; absent: a random id. */
  client: Id.optional().catch(undefined),
  name: z.string().trim().max(80).optional().catch(undefined),
  /** Joins without a click; needs `sample`. */
  autostart: z
    .enum(['1', 'true'])
    .optional()
    .catch(undefined)
    .transform((value) => value !== undefined),
});
export type JoinQuery = z.infer<typeof Query>;

export function joinQuery(search: string): JoinQuery {
  return Query.parse(Object.fromEntries(new URLSearchParams(search)));
}
