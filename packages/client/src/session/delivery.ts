import { StrataError } from '@strata/fl-core/protocol';
import {
  backoffMs,
  type ControlPlane,
  type DataPlane,
  isFromBetween,
  remedy,
  sizeText,
  sleep,
} from '../index.ts';
import type { Link } from './link.ts';
import type { SaidAnswer } from './sealed-work.ts';

/** The planes an answer goes: scores and metrics over the control plane, updates over the data plane. */
export interface Planes {
  readonly link: Pick<Link, 'welcomed'>;
  readonly control: Pick<ControlPlane, 'probed' | 'evaluated' | 'sealed'>;
  readonly plane: Pick<DataPlane, 'upload' | 'knock'>;
}

/** Uploads in a row that broke off on the way while the server answered otherwise: another one would as well. */
const mostBroken = 5;
/** An upload is silent until it has arrived: this often it is looked whether anything gets through meanwhile. */
const watchMs = 4_000;
const knockMs = 3_000;

/**
 * Sends an answer until it is acknowledged, the same bytes each time (R4). `tell` hears what keeps it, within seconds,
 * and null when that is over.
 * @throws what it was refused with; `blocked` when something in between lets no upload through.
 */
export async function deliver(
  answer: SaidAnswer,
  planes: Planes,
  signal: AbortSignal,
  tell: (trouble: StrataError | null) => void = () => {},
): Promise<void> {
  let broken = 0;
  for (let n = 0; ; n++) {
    await planes.link.welcomed(signal);
    try {
      await watched(send(answer, planes, signal), planes.plane, signal, tell);
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (remedy(error) !== 'again') throw error;
      if (error instanceof StrataError) tell(error);
      const upload = uploadIn(answer);
      if (upload !== null && isFromBetween(error)) {
        if ((await answers(planes.plane, signal)) && ++broken >= mostBroken) {
          throw blocked(upload.byteLength, error);
        }
      }
      await sleep(backoffMs(n), signal);
    }
  }
}

/** What `sending` gives; while it takes its time, says so as long as the server does not answer at all. */
async function watched<T>(
  sending: Promise<T>,
  plane: Planes['plane'],
  signal: AbortSignal,
  tell: (trouble: StrataError | null) => void,
): Promise<T> {
  const done = new AbortController();
  const watch = async () => {
    for (let silent = false; ; ) {
      await sleep(watchMs - (silent ? 0 : knockMs), done.signal);
      const heard = await answers(plane, AbortSignal.any([done.signal, signal]));
      if (done.signal.aborted) return;
      if (silent !== !heard) tell(heard ? null : silence());
      silent = !heard;
    }
  };
  watch().catch(() => undefined); // it ends by its signal
  try {
    return await sending;
  } finally {
    done.abort(new Error('sent'));
  }
}

/** Whether the server answers something small, soon. */
const answers = (plane: Planes['plane'], signal: AbortSignal): Promise<boolean> =>
  plane.knock(AbortSignal.any([signal, AbortSignal.timeout(knockMs)])).then(
    () => true,
    (error: unknown) => !isFromBetween(error) && error instanceof StrataError,
  );

const silence = () =>
  new StrataError(
    'unavailable',
    'The server has not answered for some seconds.',
    'The line is very slow, or gone: check that this device is online. What it has done is kept, and sent as soon as something gets through.',
  );

const blocked = (bytes: number, cause: StrataError) =>
  new StrataError(
    'blocked',
    `Uploads of ${sizeText(bytes)} break off each time on the way, while the server answers otherwise.`,
    `Try another network. If everybody sees this, whoever runs Strata looks what the proxy in front of it does with large PUT requests (the last one: ${cause.message})`,
    { cause },
  );

/** What of an answer goes over the data plane. */
function uploadIn(answer: SaidAnswer): Uint8Array<ArrayBuffer> | null {
  if (answer.kind === 'train') return answer.update;
  return answer.kind === 'masked' ? answer.file : null;
}

function send(answer: SaidAnswer, { control, plane }: Planes, signal: AbortSignal): Promise<unknown> {
  switch (answer.kind) {
    case 'probe':
      return control.probed(answer.message);
    case 'train':
      return plane.upload(answer.round, answer.update, signal);
    case 'evaluate':
      return control.evaluated(answer.message);
    case 'sealed':
      return control.sealed(answer.message);
    case 'masked':
      return plane.upload(answer.round, answer.file, signal);
    default:
      return answer satisfies never;
  }
}
