import type { ClientPhase } from '../../client/index.ts';

export interface PhaseText {
  readonly label: string;
  /** In [0, 1]; null when there is nothing to measure. */
  readonly fraction: number | null;
}

/** A client's phase in a few words, for the narrow rows of the dashboard. */
export function phaseText(phase: ClientPhase): PhaseText {
  switch (phase.kind) {
    case 'starting':
      return { label: 'starting', fraction: null };
    case 'choosing':
    case 'ready':
      return { label: 'ready', fraction: null };
    case 'loading-data':
      return { label: 'loading data', fraction: phase.fraction };
    case 'connecting':
      return { label: 'connecting', fraction: null };
    case 'waiting':
      return { label: 'waiting', fraction: null };
    case 'fetching':
      return { label: 'downloading layers', fraction: phase.fraction };
    case 'probing':
    case 'training':
    case 'evaluating':
      return { label: phase.kind, fraction: phase.fraction };
    case 'sealing':
      return { label: 'sealing', fraction: null };
    case 'sending':
      return { label: 'sending', fraction: null };
    case 'paused':
      return { label: 'paused', fraction: null };
    case 'left':
      return { label: 'left', fraction: null };
    case 'over':
      return { label: `run ${phase.state}`, fraction: null };
    case 'failed':
      return { label: phase.error.message, fraction: null };
    default:
      return phase satisfies never;
  }
}
