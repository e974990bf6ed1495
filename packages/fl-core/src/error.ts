/**
 * Every way something can be refused. The code is for programs, `message` names the thing, `hint` the remedy. No
 * exception crosses a socket or a thread: the edge turns a {@link StrataError} into its body and back.
 */
export const errorCodes = [
  'bad-message', // does not match its schema
  'bad-request',
  'too-large',
  'unauthorized',
  'forbidden', // one is known, and may not do that
  'not-invited', // the secret of the join link is missing, or not the run's
  'removed', // sent away by the operator
  'banned', // sent away by the operator for good
  'taken-over', // the same client has connected from elsewhere, and goes on there
  'foreign-address', // asked for under another name than the server's own, or by a page of another site
  'unknown-run',
  'unknown-client',
  'unknown-round',
  'unknown-blob',
  'unknown-account',
  'unknown-token',
  'unknown-invitation',
  'wrong-state', // the run cannot do that now
  'wrong-phase', // the round has moved on
  'wrong-round',
  'too-stale', // an update of a buffered run, of a model that is too old
  'not-in-cohort',
  'wrong-scores', // other layers than the model's, or a non-finite score
  'wrong-layers', // other layers than the mask
  'wrong-tensor', // name, shape or dtype
  'non-finite', // NaN or Inf in an update
  'bad-safetensors',
  'bad-model', // a model folder or download that cannot be used
  'bad-config',
  'bad-layers', // layers that no choice can be made from
  'bad-client', // scores or a budget that no choice can be made by
  'bad-update', // shorter than the layer that it is of
  'too-few-clients', // fewer updates of a layer than its rule needs
  'wrong-exchange', // a sealed exchange of another run, round, checkpoint or configuration
  'wrong-roster', // the list of who takes part in a sealed exchange is not one that can be masked with
  'bad-signature', // not signed by the key that it names
  'wrong-signature', // an update that is not signed by the key of its sender, or not at all
  'wrong-key', // another identity key than the one that a participant is known by
  'small-group', // fewer participants than may be summed up in a sealed exchange
  'bad-envelope', // shares that were not encrypted for who has to keep them
  'too-few-shares', // what is left of a sealed exchange does not open its sums
  'already-answered', // a step of a sealed exchange, asked for once more and for something else
  'privacy-spent', // what a client sends would pass what was promised of its samples
  'rate-limited',
  'no-space', // the server's disk is full; later it may not be
  'blocked', // something between the two lets nothing of this kind through
  'unavailable',
  'internal',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** What an error says, for the way over a socket or between threads, where no class survives. */
type Body = Pick<StrataError, 'code' | 'message' | 'hint'>;

/** The one error class of the project. */
export class StrataError extends Error {
  override readonly name = 'StrataError';
  readonly code: ErrorCode;
  /** What the person who reads it can do. */
  readonly hint: string;

  constructor(code: ErrorCode, message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }

  toBody(): Body {
    return { code: this.code, message: this.message, hint: this.hint };
  }

  static fromBody(body: Body): StrataError {
    return new StrataError(body.code, body.message, body.hint);
  }
}
