import { z } from 'zod';
import { errorCodes } from '../error.ts';

export { type ErrorCode, errorCodes, StrataError } from '../error.ts';

/** A refusal as it is sent. */
export const ErrorBody = z.object({
  code: z.enum(errorCodes),
  message: z.string().max(2000),
  hint: z.string().max(2000),
});
export type ErrorBody = z.infer<typeof ErrorBody>;
