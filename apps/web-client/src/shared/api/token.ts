import { tabStorage } from '../storage.ts';

const key = 'strata-operator-token';

/**
 * Moves the operator's token from the address (`#token=...`, which browsers never send to a server) to the
 * tab's session, so that a copied address or a screenshot does not give it away.
 */
export function takeTokenFromAddress(): void {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (!token) return;
  rememberToken(token);
  history.replaceState(history.state, '', location.pathname + location.search);
}

export function rememberToken(token: string): void {
  tabStorage.setItem(key, token);
}

export function forgetToken(): void {
  tabStorage.removeItem(key);
}

export const operatorToken = (): string | null => tabStorage.getItem(key);
