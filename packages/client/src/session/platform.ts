import type { loadSample, OpenPicture } from '@strata/fl-core/data';
import type { Model } from '@strata/fl-core/models';
import type { KeptSecrets } from '../sealed/secrets.ts';
import type { KeptSpending } from '../work/index.ts';
import type { KeptData, KeptModels } from './kept.ts';
import type { BackendName } from './options.ts';
import type { Trainers } from './trainers.ts';

/** What a client asks of where it runs: the worker of a tab, or Node. */
export interface Platform {
  /** Takes the device that the client trains on. */
  trainers(wishes: TrainerWishes): Promise<Trainers>;
  /** Decodes a picture to sRGB; rejects where it cannot. */
  openPicture(bytes: Uint8Array): Promise<OpenPicture>;
  /** Reads built-in data; several clients of one process may have the same. */
  readonly loadSample: typeof loadSample;
  readonly data: KeptData;
  readonly models: KeptModels;
  /** The key that the client signs with, and what it keeps of sealed rounds. */
  readonly secrets: KeptSecrets;
  /** What was spent of what was promised of each sample. */
  readonly spending: KeptSpending;
}

export interface TrainerWishes {
  /** Instead of the choice of C2. */
  readonly backend: BackendName | undefined;
  /** Is called when the trainer is needed first. */
  readonly load: () => Promise<Model>;
  /** The bytes of a layer. */
  readonly blob: (sha256: string, signal: AbortSignal) => Promise<Uint8Array>;
}
