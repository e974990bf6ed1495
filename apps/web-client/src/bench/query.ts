import type { Size } from '@strata/gpu-bench';
import type { Part } from '@strata/gpu-bench/strata';
import { z } from 'zod';

// Written again: their own modules would bring tensor code into the page.
const sizes = ['card', 'small'] as const satisfies readonly Size[];
const parts = ['limits', 'steps', 'products', 'operations'] as const satisfies readonly Part[];

/** Names with commas in between; empty ones are left out. */
const names = z.string().transform((text) => text.split(',').filter((name) => name !== ''));

/**
 * What the address of the page may say: `?size=small&parts=steps,products&models=small ViT&autostart=1`. A value that
 * makes no sense counts as absent, so that a mistyped link still opens the page.
 */
const Query = z.object({
  size: z.enum(sizes).optional().catch(undefined),
  parts: names
    .pipe(z.array(z.enum(parts)).min(1))
    .optional()
    .catch(undefined),
  models: names.pipe(z.array(z.string()).min(1)).optional().catch(undefined),
  /** Starts without a click. */
  autostart: z
    .enum(['1', 'true'])
    .optional()
    .catch(undefined)
    .transform((value) => value !== undefined),
});
export type BenchQuery = z.infer<typeof Query>;

export function benchQuery(search: string): BenchQuery {
  return Query.parse(Object.fromEntries(new URLSearchParams(search)));
}
