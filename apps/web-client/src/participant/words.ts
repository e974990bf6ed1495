import type { ClientPhase, WaitReason } from '../client/index.ts';

/** What a person with no knowledge of the field is told. One place, so that the page speaks with one voice. */
export interface Words {
  readonly title: string;
  readonly detail: string;
}

const waits: Readonly<Record<WaitReason, Words>> = {
  approval: {
    title: 'Waiting to be let in',
    detail: 'The organiser lets in everybody who is new. Until then your device does nothing.',
  },
  'not-eligible': {
    title: 'This run is for others',
    detail: 'It asks for something that this device or its data do not have.',
  },
  'run-not-started': {
    title: 'Waiting for the start',
    detail: 'You are in. The organiser has not started the run yet.',
  },
  'run-paused': {
    title: 'The run is paused',
    detail: 'The organiser has paused the run. It goes on by itself when they resume it.',
  },
  'more-clients': {
    title: 'Waiting for more participants',
    detail: 'A round needs a few more people. Leave this page open; it starts by itself.',
  },
  'next-round': {
    title: 'Waiting for the next round',
    detail: 'A round is under way without you. You are in line for the next one.',
  },
  others: {
    title: 'Your part is done',
    detail: 'Waiting for the other participants of this round.',
  },
  server: {
    title: 'The server is putting it together',
    detail: 'Everybody’s changes are being combined into one model.',
  },
  'you-paused': { title: 'Paused', detail: 'Your device rests until you resume.' },
};

export function wordsFor(phase: ClientPhase): Words {
  switch (phase.kind) {
    case 'starting':
      return { title: 'Getting ready', detail: 'Looking at what this device can do.' };
    case 'choosing':
      return { title: 'Choose your data', detail: '' };
    case 'loading-data':
      return { title: 'Reading your data', detail: 'It is read here, in this tab, and goes nowhere.' };
    case 'ready':
      return { title: 'Ready', detail: 'Your data is loaded.' };
    case 'connecting':
      return { title: 'Connecting', detail: 'Saying hello to the server.' };
    case 'waiting':
      // What is asked for, and what is there, the server says.
      return phase.reason === 'not-eligible'
        ? { ...waits[phase.reason], detail: phase.message }
        : waits[phase.reason];
    case 'fetching':
      return { title: 'Fetching the model', detail: 'Only the layers that changed are downloaded.' };
    case 'probing':
      return {
        title: 'Measuring the layers',
        detail: 'Which parts of the model matter most for your data? Nothing is changed yet.',
      };
    case 'training':
      return { title: 'Training', detail: 'Your device is learning from your data.' };
    case 'sealing':
      return {
        title: 'Sealing your part',
        detail:
          'Keys are exchanged with the other participants, so that only all parts together can be read.',
      };
    case 'sending':
      return { title: 'Sending your part', detail: 'Only numbers about the model travel, never your data.' };
    case 'evaluating':
      return {
        title: 'Checking the new model',
        detail: 'The combined model is tried on the part of your data that it has not seen.',
      };
    case 'paused':
      return waits['you-paused'];
    case 'left':
      return { title: 'You have left', detail: 'Nothing more happens on this device.' };
    case 'over':
      return endings[phase.state];
    case 'failed':
      return {
        title: isElsewhere(phase) ? 'You go on elsewhere' : 'This device had to stop',
        detail: phase.error.message,
      };
    default:
      return phase satisfies never;
  }
}

/** The same participant has come by another tab or device, which goes on in the place of this one. */
export const isElsewhere = (phase: ClientPhase): boolean =>
  phase.kind === 'failed' && phase.error.code === 'taken-over';

const endings = {
  finished: {
    title: 'Finished. Thank you!',
    detail: 'All rounds are done; the model has learned from everyone.',
  },
  stopped: { title: 'The run has ended', detail: 'There are no further rounds. Thank you for your part.' },
  failed: {
    title: 'The run could not go on',
    detail: 'It has ended on the server. Your part was not the cause.',
  },
} as const;

/** The steps of a round as the page shows them. */
export const steps = ['Fetch', 'Measure', 'Train', 'Send', 'Check'] as const;

/** Which step a phase is at; null between rounds. */
export function stepOf(phase: ClientPhase): number | null {
  switch (phase.kind) {
    case 'fetching':
      return 0;
    case 'probing':
      return 1;
    case 'training':
      return 2;
    case 'sealing':
      return 3;
    case 'sending':
      return { probe: 1, train: 3, evaluate: 4 }[phase.answer];
    case 'evaluating':
      return 4;
    default:
      return null;
  }
}

/** How far the present step is, in [0, 1]; null when nobody can know. */
export function fractionOf(phase: ClientPhase): number | null {
  return 'fraction' in phase ? Math.min(1, Math.max(0, phase.fraction)) : null;
}

/** "about 2 minutes", for a wait that ends at `until`; empty when that is unknown or past. */
export function remaining(until: number | null, now: number): string {
  if (until === null || until <= now) return '';
  const seconds = Math.ceil((until - now) / 1000);
  if (seconds < 10) return 'a few seconds';
  if (seconds < 90) return `about ${Math.round(seconds / 10) * 10} seconds`;
  if (seconds < 3600) return `about ${Math.round(seconds / 60)} minutes`;
  return 'more than an hour';
}
