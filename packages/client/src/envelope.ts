import { ErrorBody, StrataError } from '@strata/fl-core/protocol';
import { z } from 'zod';

/** What every answer comes in, of a route or of a request. */
export const Envelope = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), error: ErrorBody }),
]);

/** @throws {StrataError} `bad-message` when the value is not what this version understands. */
export function understood<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new StrataError(
    'bad-message',
    `The server's answer has an unexpected form: ${z.prettifyError(parsed.error)}`.slice(0, 500),
    'The page and the server are probably of different versions: reload the page.',
    { cause: parsed.error },
  );
}
