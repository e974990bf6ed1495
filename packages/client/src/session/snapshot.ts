import type { DataContent, PictureNotes, ShownTable } from '@strata/fl-core/data';
import type { DeviceInfo, ErrorBody, RunPublic, Work } from '@strata/fl-core/protocol';
import type { SampleStanding } from '../work/index.ts';

export type WaitReason = Extract<Work, { kind: 'wait' }>['reason'];

/** What a client is doing; `fraction` is in [0, 1], `round` counts from 1. */
export type ClientPhase =
  /** The worker is up and looks for a device and the run. */
  | { readonly kind: 'starting' }
  /** Ready to be given data. */
  | { readonly kind: 'choosing' }
  | { readonly kind: 'loading-data'; readonly fraction: number }
  /** Data is loaded; waits for the person to join. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'connecting' }
  | {
      readonly kind: 'waiting';
      readonly reason: WaitReason;
      readonly round: number | null;
      /** When the wait is expected to end, in ms since the epoch; null when nobody can know. */
      readonly until: number | null;
      readonly message: string;
    }
  | { readonly kind: 'fetching'; readonly round: number; readonly fraction: number }
  | { readonly kind: 'probing'; readonly round: number; readonly fraction: number }
  | {
      readonly kind: 'training';
      readonly round: number;
      readonly fraction: number;
      readonly loss: number | null;
    }
  /** Keys, shares and masks of a sealed round. */
  | { readonly kind: 'sealing'; readonly round: number }
  | { readonly kind: 'sending'; readonly round: number; readonly answer: 'probe' | 'train' | 'evaluate' }
  | { readonly kind: 'evaluating'; readonly round: number; readonly fraction: number }
  | { readonly kind: 'paused'; readonly round: number | null }
  | { readonly kind: 'left' }
  | {
      readonly kind: 'over';
      readonly state: 'finished' | 'stopped' | 'failed';
      readonly message: string;
    }
  | { readonly kind: 'failed'; readonly error: ErrorBody };

/** A file that was left out. File names stay between the worker and its page (C5). */
export interface FileProblem {
  readonly file: string;
  readonly reason: string;
}

/** A name in the data that is none of the run's labels. */
export interface UnknownName {
  /** Empty for pictures in no folder. */
  readonly name: string;
  readonly count: number;
  /** The label that a folder around it is named like. */
  readonly within: string | null;
  /** The label it may mean, if any is close. */
  readonly suggestion: string | null;
}

/** What this site keeps on the device between visits; it goes nowhere. */
export interface StoredOnDevice {
  /** Prepared for this run. */
  readonly data: { readonly samples: number; readonly bytes: number } | null;
  /** Everything: the data of all runs, and parts of models. */
  readonly bytes: number;
}

/** What became of the wish to keep something for the next visit. */
export type Keeping =
  | 'kept'
  /** The browser gives no more room. */
  | 'no-room'
  /** The browser keeps nothing for this page (private window, plain http, old browser). */
  | 'unavailable';

export interface DataSummary {
  /** Training samples, after the hold-out. */
  readonly samples: number;
  readonly heldOut: number;
  readonly content: DataContent;
  /** The run's labels, and the training samples of each. */
  readonly labels: readonly string[];
  readonly classCounts: readonly number[];
  /** At most {@link maxListedProblems}; `problemCount` counts all. */
  readonly problems: readonly FileProblem[];
  readonly problemCount: number;
  /** Names of no known meaning; their samples are left out until the person says what they mean. */
  readonly unknown: readonly UnknownName[];
  /**
   * Tables that were read, those with the same columns as one: which columns were taken, and two rows of each, between
   * the worker and its page (C5).
   */
  readonly tables: readonly ShownTable[];
  /** What there is to know of pictures that the person brought; null of all else. */
  readonly pictures: PictureNotes | null;
}

export const maxListedProblems = 200;

export interface LayerInfo {
  readonly name: string;
  readonly role: 'embed' | 'block' | 'head';
  readonly parameters: number;
}

export type PauseWish = 'none' | 'now' | 'after-round';

/** Everything a page may show of a client: plain data, replaced as a whole. */
export interface ClientSnapshot {
  readonly client: string;
  readonly phase: ClientPhase;
  /** Whether the socket is up; work goes on without it. */
  readonly connected: boolean;
  readonly pause: PauseWish;
  readonly device: DeviceInfo | null;
  readonly data: DataSummary | null;
  /** Null as long as it is not known, and where the browser keeps nothing. */
  readonly stored: StoredOnDevice | null;
  /** Null until own files have been chosen and read. */
  readonly keeping: Keeping | null;
  /** Of the model: the worst of its parts; null until one was fetched. */
  readonly modelKeeping: Keeping | null;
  /** The model in forward order; empty until the run is known. */
  readonly layers: readonly LayerInfo[];
  /** Own importance of each selectable layer, from the newest probe. */
  readonly scores: Readonly<Record<string, number>> | null;
  /** Selectable layers this client trains or has trained last. */
  readonly mask: readonly string[] | null;
  /** Mean training loss of each finished round; the newest {@link maxHistory}. */
  readonly losses: readonly { readonly round: number; readonly loss: number }[];
  /** On the own held-out samples; the newest {@link maxHistory}. */
  readonly accuracies: readonly { readonly round: number; readonly accuracy: number }[];
  /** Training loss as it comes, oldest first; the newest {@link maxHistory}. */
  readonly curve: readonly number[];
  /** Rounds to which this client sent an update that was accepted. */
  readonly roundsDone: number;
  readonly bytesDown: number;
  readonly bytesUp: number;
  /** The public key of what it signs its updates with, in hexadecimal; null before the first, and without a key. */
  readonly signingKey: string | null;
  /** Who takes part in the newest sealed round, in twelve words; null before one, and in other runs. */
  readonly met: { readonly round: number; readonly words: string } | null;
  /** What was spent of what the run promises of each sample; null before the first round, and in other runs. */
  readonly standing: SampleStanding | null;
  /** Something went wrong and is being dealt with; null when all is well. */
  readonly notice: ErrorBody | null;
  /** The run as everybody sees it. */
  readonly run: RunPublic | null;
}

export const maxHistory = 240;

/** What a client has done so far: handed to the one that takes its place after a reload of the page. */
export type ClientPast = Pick<
  ClientSnapshot,
  'scores' | 'mask' | 'losses' | 'accuracies' | 'roundsDone' | 'bytesDown' | 'bytesUp'
>;

export function pastOf(snapshot: ClientSnapshot): ClientPast {
  const { scores, mask, losses, accuracies, roundsDone, bytesDown, bytesUp } = snapshot;
  return { scores, mask, losses, accuracies, roundsDone, bytesDown, bytesUp };
}

export function initialSnapshot(client: string, past?: ClientPast): ClientSnapshot {
  return {
    client,
    phase: { kind: 'starting' },
    connected: false,
    pause: 'none',
    device: null,
    data: null,
    stored: null,
    keeping: null,
    modelKeeping: null,
    layers: [],
    scores: null,
    mask: null,
    losses: [],
    accuracies: [],
    curve: [],
    roundsDone: 0,
    bytesDown: 0,
    bytesUp: 0,
    signingKey: null,
    met: null,
    standing: null,
    notice: null,
    run: null,
    ...past,
  };
}
