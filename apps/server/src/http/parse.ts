import { Id, Sha256, StrataError } from '@strata/fl-core/protocol';
import { z } from 'zod';

/** Parses a part of a request. Throws `bad-request` with the first few problems. */
export function parse<T extends z.ZodType>(
  schema: T,
  value: unknown,
  code: 'bad-request' | 'bad-config' = 'bad-request',
): z.infer<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.slice(0, 5).map((i) => `${i.path.join('.') || 'body'}: ${i.message}`);
  throw new StrataError(code, problems.join('; ').slice(0, 1000), 'Correct the values named.');
}

export const RunParams = z.object({ run: Id });
export const RoundParams = z.object({ run: Id, round: z.coerce.number().int().min(1) });
export const BlobParams = z.object({ sha256: Sha256 });
export const EventQuery = z.object({
  after: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
});
