import type { SpentSteps } from '@strata/client/work';
import type { LocalConfig, ModelWork, Probed, RunConfig } from '@strata/fl-core/protocol';
import type { PreparedData } from '../data.ts';

/** Layers by name, as safetensors in shared memory. */
export type SharedLayers = Readonly<Record<string, { readonly sha256: string; readonly bytes: Uint8Array }>>;

/** What a thread works with until the next one comes. */
export interface Setting {
  readonly config: RunConfig;
  readonly data: PreparedData;
  /** Samples of the pool that each client has. */
  readonly parts: readonly (readonly number[])[];
}

/** One thing to do; a thread has one at a time. */
export type Job =
  | { readonly kind: 'setting'; readonly setting: Setting }
  /** A client's answer to its work. */
  | {
      readonly kind: 'work';
      readonly client: number;
      readonly work: ModelWork;
      /** Under differential privacy of each sample: what the client has spent before. */
      readonly spent: readonly SpentSteps[];
      readonly layers: SharedLayers;
    }
  /** How the model does on some samples of a side. */
  | {
      readonly kind: 'evaluate';
      readonly side: 'test' | 'validation' | { readonly client: number };
      readonly from: number;
      readonly to: number;
      readonly layers: SharedLayers;
    }
  /** Training on the whole pool in one place. */
  | {
      readonly kind: 'alone';
      readonly train: readonly string[];
      readonly local: LocalConfig;
      readonly seed: number;
      readonly layers: SharedLayers;
    };

export interface Counted {
  readonly samples: number;
  readonly loss: number;
  readonly accuracy: number;
}

export type Done =
  | { readonly kind: 'ready' }
  | { readonly kind: 'probe'; readonly message: Probed }
  | {
      readonly kind: 'update';
      readonly update: Uint8Array<ArrayBuffer>;
      /** Null where nothing was trained. */
      readonly loss: number | null;
      /** What the client has spent with it. */
      readonly spent: readonly SpentSteps[];
    }
  | { readonly kind: 'counted'; readonly counted: Counted }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };
