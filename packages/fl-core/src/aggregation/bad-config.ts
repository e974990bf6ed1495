import { StrataError } from '../error.ts';

/** Refuses a configuration of a rule or an optimizer. */
export const badConfigOf =
  (what: 'rule' | 'optimizer') =>
  (given: string, problems: string): StrataError =>
    new StrataError(
      'bad-config',
      `${given} is out of range: ${problems}.`,
      `Give options in the ranges of the ${what}.`,
    );
