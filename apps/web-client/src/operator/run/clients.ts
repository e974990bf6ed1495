import type { ClientView } from '@strata/fl-core/protocol';

/** Without those who wait to be let in. */
export const participants = (clients: readonly ClientView[]): ClientView[] =>
  clients.filter(({ awaitsApproval }) => !awaitsApproval);

/** How many are here, or may come back any moment. */
export const presentCount = ({ clients }: { readonly clients: readonly ClientView[] }): number =>
  participants(clients).filter(({ presence }) => presence !== 'left').length;

export interface ClientActivity {
  readonly label: string;
  /** In [0, 1]; null when there is nothing to measure. */
  readonly fraction: number | null;
  readonly tone: 'busy' | 'idle' | 'trouble';
}

/** What a client is doing, in a word. In a run that is `over` nobody does anything, nor is missed. */
export function clientActivity(
  client: Pick<ClientView, 'presence' | 'banned' | 'paused' | 'progress'>,
  over: boolean,
): ClientActivity {
  if (client.banned) return { label: 'banned', fraction: null, tone: 'trouble' };
  if (over) return { label: client.presence === 'connected' ? 'done' : 'left', fraction: null, tone: 'idle' };
  switch (client.presence) {
    case 'left':
      return { label: 'left', fraction: null, tone: 'idle' };
    case 'away':
      return { label: 'connection lost', fraction: null, tone: 'trouble' };
    case 'connected':
      break;
    default:
      return client.presence satisfies never;
  }
  if (client.paused) return { label: 'paused', fraction: null, tone: 'trouble' };
  const { progress } = client;
  if (progress === null || progress.activity === 'waiting')
    return { label: 'waiting', fraction: null, tone: 'idle' };
  if (progress.activity === 'paused') return { label: 'paused', fraction: null, tone: 'trouble' };
  return { label: progress.activity, fraction: progress.fraction, tone: 'busy' };
}

const order: Readonly<Record<ClientView['presence'], number>> = { connected: 0, away: 1, left: 2 };

/** Those whose name or id contains `search`: present ones first, then in the order of joining. */
export function sortClients(clients: readonly ClientView[], search: string): ClientView[] {
  const wanted = search.trim().toLowerCase();
  return clients
    .filter((c) => `${c.name} ${c.id}`.toLowerCase().includes(wanted))
    .sort(
      (a, b) => order[a.presence] - order[b.presence] || a.joinedAt - b.joinedAt || (a.id < b.id ? -1 : 1),
    );
}
