import { limitsOf, type Options } from '@strata/fl-core/variants';
import type { z } from 'zod';

type Values = Readonly<Record<string, unknown>>;

/**
 * Options that can be computed with while their fields are being typed in: numbers are brought within their bounds,
 * and what still is no choice is replaced by what the variant starts with.
 */
export function usable(options: Options, start: Values, typed: Values): Record<string, unknown> {
  const values = Object.entries(options).map(([option, schema]) => {
    const parsed = schema.safeParse(inBounds(schema, typed[option]));
    return [option, parsed.success ? parsed.data : start[option]] as const;
  });
  return Object.fromEntries(values);
}

function inBounds(schema: z.ZodType, value: unknown): unknown {
  const limits = limitsOf(schema);
  if (limits === null) return value;
  const { min, max, whole } = limits;
  const number = Math.min(max, Math.max(min, Number(value) || min));
  return whole ? Math.round(number) : number;
}
