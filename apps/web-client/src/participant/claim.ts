import { useEffect, useState } from 'react';

/** A reloaded page may be there before the one it replaces has let go. */
const tries = 6;
const retryMs = 250;
/** How long another tab may take to say that it is the client. */
const answerMs = 400;

/** Given up when the page goes. */
export interface Claim {
  release(): void;
}

interface Means {
  readonly locks: LockManager | undefined;
  readonly Channel: typeof BroadcastChannel | undefined;
}
const means = (): Means => ({ locks: navigator.locks, Channel: globalThis.BroadcastChannel });

/**
 * Makes this page the one that acts for a client, in this browser; null while another tab is: both would train as the
 * same one, each throwing the other's connection out. Pages from plain http have no locks and ask the other tabs.
 */
export async function claim(client: string, { locks, Channel }: Means = means()): Promise<Claim | null> {
  const name = `strata-client-${client}`;
  if (locks !== undefined) {
    for (let n = 0; n < tries; n++) {
      const held = await takeLock(locks, name);
      if (held !== null) return held;
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
    return null;
  }
  return Channel === undefined ? { release: () => {} } : askTabs(new Channel(name));
}

function takeLock(locks: LockManager, name: string): Promise<Claim | null> {
  return new Promise((resolve) => {
    locks
      .request(name, { ifAvailable: true }, (lock) => {
        if (lock === null) return resolve(null);
        return new Promise<void>((release) => resolve({ release }));
      })
      .catch(() => resolve({ release: () => {} })); // forbidden: as where there are none
  });
}

/** Two that ask in the same instant give way to the one with the smaller number. */
function askTabs(channel: BroadcastChannel): Promise<Claim | null> {
  const number = Math.random();
  return new Promise((resolve) => {
    let ours = false;
    const take = () => {
      ours = true;
      resolve({ release: () => channel.close() });
    };
    const giveWay = () => {
      clearTimeout(timer);
      channel.close();
      resolve(null);
    };
    // In two steps: in a page that was busy all the while, what was said meanwhile is heard between them.
    let timer = setTimeout(() => {
      timer = setTimeout(take, answerMs / 4);
    }, answerMs);
    channel.onmessage = ({ data }: MessageEvent<{ kind: 'ask' | 'taken'; number: number }>) => {
      if (data.kind === 'ask') {
        if (ours || number < data.number) channel.postMessage({ kind: 'taken', number });
        else giveWay();
      } else if (!ours) {
        giveWay();
      }
    };
    channel.postMessage({ kind: 'ask', number });
  });
}

/** Whether this page acts for the client; `asking` for a moment. */
export function useClaim(client: string): 'asking' | 'ours' | 'taken' {
  const [state, setState] = useState<{ client: string; kind: 'ours' | 'taken' } | null>(null);
  useEffect(() => {
    let held: Claim | null = null;
    let gone = false;
    void claim(client).then((claimed) => {
      if (gone) return claimed?.release();
      held = claimed;
      setState({ client, kind: claimed === null ? 'taken' : 'ours' });
    });
    return () => {
      gone = true;
      held?.release();
    };
  }, [client]);
  return state?.client === client ? state.kind : 'asking';
}
