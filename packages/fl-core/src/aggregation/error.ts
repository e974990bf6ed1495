import { InputError } from '../input-error.ts';

export type AggregationErrorCode = 'too-few-clients' | 'bad-config' | 'bad-update';

/** Why updates cannot be aggregated. */
export class AggregationError extends InputError<AggregationErrorCode> {
  override readonly name = 'AggregationError';
}

/** Refuses a configuration of a rule or an optimizer. */
export const badConfigOf =
  (what: 'rule' | 'optimizer') =>
  (given: string, problems: string): AggregationError =>
    new AggregationError(
      'bad-config',
      `${given} is out of range: ${problems}.`,
      `Give options in the ranges of the ${what}.`,
    );
