import { StrataError } from '../protocol/errors.ts';

/** An error that no input of a user can cause. */
export const defect = (message: string) =>
  new StrataError('internal', message, 'This is a defect of Strata; please report it.');
