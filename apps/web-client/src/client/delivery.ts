import { backoffMs, type ControlPlane, type DataPlane, remedy, sleep } from '@strata/client';
import type { Answer } from './job.ts';
import type { Link } from './link.ts';

/** The planes an answer goes: scores and metrics over the control plane, updates over the data plane. */
export interface Planes {
  readonly link: Pick<Link, 'welcomed'>;
  readonly control: Pick<ControlPlane, 'probed' | 'evaluated'>;
  readonly plane: Pick<DataPlane, 'upload'>;
}

/** Sends an answer until it is acknowledged, the same bytes each time (R4). Throws what it was refused with. */
export async function deliver(answer: Answer, planes: Planes, signal: AbortSignal): Promise<void> {
  for (let n = 0; ; n++) {
    await planes.link.welcomed(signal);
    try {
      await send(answer, planes, signal);
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (remedy(error) !== 'again') throw error;
      await sleep(backoffMs(n), signal);
    }
  }
}

function send(answer: Answer, { control, plane }: Planes, signal: AbortSignal): Promise<unknown> {
  switch (answer.kind) {
    case 'probe':
      return control.probed(answer.message);
    case 'train':
      return plane.upload(answer.round, answer.update, signal);
    case 'evaluate':
      return control.evaluated(answer.message);
    default:
      return answer satisfies never;
  }
}
