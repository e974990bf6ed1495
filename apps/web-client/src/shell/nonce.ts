import { setNonce } from 'get-nonce';

/** The nonce that the server wrote into the page; styles made at run time must carry it. */
export function cspNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
}

/** For the dialogs' scroll lock, which makes its own style element and does not ask Mantine. */
export function shareNonce(): void {
  setNonce(cspNonce());
}
