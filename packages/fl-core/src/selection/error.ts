/** Why a selection cannot be computed: `code` for programs, `message` names the thing, `hint` the remedy. */
export type SelectionErrorCode = 'bad-layers' | 'bad-client' | 'bad-config';

/** Thrown by this folder only, which knows no protocol (docs/design.md, 2); the server turns it into its own. */
export class SelectionError extends Error {
  override readonly name = 'SelectionError';
  readonly code: SelectionErrorCode;
  readonly hint: string;

  constructor(code: SelectionErrorCode, message: string, hint: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}
