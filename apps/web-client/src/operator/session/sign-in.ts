import { type SignInProblem, StrataError, signInProblems, signInQuery } from '@strata/fl-core/protocol';

/** Why somebody who came back from the identity provider is not in, as the server put it into the address; null: nothing is said. */
export function signInProblem(search: string): StrataError | null {
  const said = new URLSearchParams(search).get(signInQuery);
  const problem = signInProblems.find((one) => one === said);
  return problem === undefined ? null : refusals[problem]();
}

/** Said once: a page that is reloaded, or its address copied, says it no more. */
export function forgetSignInProblem(): void {
  if (signInProblem(location.search) === null) return;
  history.replaceState(history.state, '', location.pathname + location.hash);
}

const refusals = {
  refused: () =>
    new StrataError(
      'unauthorized',
      'The identity provider did not let you in, or took too long.',
      'Sign in again from the beginning.',
    ),
  'no-role': () =>
    new StrataError(
      'forbidden',
      'The identity provider knows you, but gives you no role on this server.',
      'Ask whoever runs this server.',
    ),
  account: () =>
    new StrataError(
      'wrong-state',
      'You could not be given an account here: this server has no owner yet, you are its only one and would be so no more, or every name that you could have is taken.',
      'Ask whoever runs this server; its log says which.',
    ),
  busy: () =>
    new StrataError(
      'rate-limited',
      'Too many sign-ins failed from this network.',
      'Wait a moment, then try again.',
    ),
  away: () =>
    new StrataError(
      'unavailable',
      'The identity provider does not answer as it should.',
      'Try again later, or log in with a password.',
    ),
} satisfies Record<SignInProblem, () => StrataError>;
