import type { JoinAddress, JoinAddresses } from '@strata/fl-core/protocol';

const isLoopback = (origin: string): boolean =>
  /^https?:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|$)/.test(origin);

/**
 * Where a join link may point, the best first: where the operator named an address that one; else the one that this page
 * came by, where others can use it as well; else those of the server's networks; and this machine's own.
 * @param origin of this page
 */
export function joinChoices({ addresses }: Pick<JoinAddresses, 'addresses'>, origin: string): JoinAddress[] {
  const own: JoinAddress = isLoopback(origin)
    ? { url: origin, reach: 'this-machine', secure: true }
    : { url: origin, reach: 'network', secure: origin.startsWith('https:') };
  const others = addresses.filter(({ url, reach }) => url !== origin && reach !== 'this-machine');
  const named = others.filter(({ reach }) => reach === 'public');
  const network = others.filter(({ reach }) => reach === 'network');
  return own.reach === 'this-machine' ? [...named, ...network, own] : [...named, own, ...network];
}

/** What is to be said of a link with this address; null where there is nothing. */
export function addressWarning(
  { reach, secure }: JoinAddress,
  { closed }: Pick<JoinAddresses, 'closed'>,
): { readonly title: string; readonly text: string } | null {
  if (reach === 'this-machine') {
    const [first] = closed;
    return {
      title: 'Only this computer can open this link',
      text:
        first === undefined
          ? 'Phones and other computers need another address of the server: docs/network.md says how to give it one.'
          : `For phones and other computers, start the server with HOST=0.0.0.0: then it is at ${first} as well. docs/network.md says how to give it TLS.`,
    };
  }
  if (secure) return null;
  return {
    title: 'Without TLS, devices do less',
    text: 'Browsers keep graphics chips, cameras and storage from pages over http: devices train on their processor, and everybody in the network can read along. docs/network.md says how to get TLS.',
  };
}
