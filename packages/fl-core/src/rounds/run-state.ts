import { type RunCommand, type RunState, StrataError } from '../protocol/index.ts';

type Command = RunCommand['command'];

/** Whether no round will open any more. */
export const isRunOver = ({ state }: { readonly state: RunState }): boolean =>
  state === 'finished' || state === 'stopped' || state === 'failed';

/** From which states an operator's command leads where. */
export const commandMoves = {
  start: { from: ['draft'], to: 'running' },
  pause: { from: ['running'], to: 'paused' },
  resume: { from: ['paused'], to: 'running' },
  stop: { from: ['draft', 'running', 'paused'], to: 'stopped' },
} as const satisfies Record<Command, { from: readonly RunState[]; to: RunState }>;

/** Why a stopped run is over. */
export const stoppedRunReason = 'Stopped by the operator.';

/** A run in `state` cannot be commanded so. */
export function wrongState(state: RunState, command: Command): StrataError {
  return new StrataError(
    'wrong-state',
    `A run that is ${state} cannot ${command}.`,
    `It must be ${commandMoves[command].from.join(' or ')}.`,
  );
}
