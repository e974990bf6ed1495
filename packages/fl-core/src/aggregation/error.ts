/** Why updates cannot be aggregated: `code` for programs, `message` names the thing, `hint` the remedy. */
export type AggregationErrorCode = 'too-few-clients' | 'bad-config' | 'bad-update';

/** Thrown by this folder only, which knows no protocol (docs/design.md, 2); the server turns it into its own. */
export class AggregationError extends Error {
  override readonly name = 'AggregationError';
  readonly code: AggregationErrorCode;
  readonly hint: string;

  constructor(code: AggregationErrorCode, message: string, hint: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}
