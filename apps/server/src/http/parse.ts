import { StrataError } from '@strata/fl-core/protocol';
import type { z } from 'zod';

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
