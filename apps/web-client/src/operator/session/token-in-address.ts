/**
 * The token behind the `#` of an address (`#token=...`), which browsers never send to a server. It goes from the address
 * as soon as it has done its work, so that a copied address or a screenshot does not give it away.
 */
export const tokenInAddress = (): string | null =>
  new URLSearchParams(location.hash.slice(1)).get('token') || null;

export function forgetTokenInAddress(): void {
  if (tokenInAddress() === null) return;
  history.replaceState(history.state, '', location.pathname + location.search);
}
