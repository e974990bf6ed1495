import { csrfHeader } from '@strata/fl-core/protocol';

/** Of the session of this page; empty where there is none. Told to the page by the server, and kept nowhere. */
let csrf = '';

export function rememberCsrf(value: string): void {
  csrf = value;
}

/** What goes with a request that a session changes something by. */
export const csrfHeaders = (): Readonly<Record<string, string>> =>
  csrf === '' ? {} : { [csrfHeader]: csrf };
