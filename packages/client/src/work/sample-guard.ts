import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { type Dataset, sampleCount } from '@strata/fl-core/data';
import {
  cryptoWords,
  epsilonOfSteps,
  type PrivateSteps,
  type RandomWords,
  type SampleNoise,
  samplePlan,
  samplingRate,
  withinPromise,
} from '@strata/fl-core/privacy';
import {
  type LocalConfig,
  privateSteps,
  type SamplePrivacy,
  StrataError,
  stepsAnEpoch,
} from '@strata/fl-core/protocol';
import type { KeptSpending, SpentSteps } from './spending.ts';

export interface GuardOptions {
  readonly run: string;
  readonly client: string;
  readonly config: { readonly privacy: SamplePrivacy; readonly rounds: number; readonly local: LocalConfig };
  /** What is trained on. */
  readonly data: Dataset;
  readonly kept: KeptSpending;
  /** Where batches and noise are drawn from; the system's generator when absent, another one in simulations alone. */
  readonly words?: RandomWords;
  /** Hears how it stands, after each change. */
  readonly tell?: (standing: SampleStanding) => void;
}

/** What a client has spent of what was promised of each of its samples; for its own page. */
export interface SampleStanding {
  readonly epsilon: number;
  /** What was promised. */
  readonly promised: number;
  readonly delta: number;
  /** q and z. */
  readonly sampling: number;
  readonly noise: number;
  /** Steps done so far, in this run. */
  readonly steps: number;
  /** Gradients of this visit that were not finite and counted as zeros. */
  readonly skipped: number;
  /** False where a reload of the page would forget it; null before it is known. */
  readonly kept: boolean | null;
  /** What is out of the ordinary, in a sentence; null: nothing. */
  readonly concern: string | null;
}

/** How one round is trained, and what of it is recorded. */
export interface PrivateRound extends SampleNoise {
  readonly spending: PrivateSteps;
}

/**
 * A client's own bound on what it tells of each of its samples over a run (docs/differential-privacy.md). It is asked
 * before a round is trained, and refuses one that would pass what was promised; and it records the round before anything
 * of it leaves. What counts is all that this client did in the run, with whatever data, and all that was done with these
 * data by other clients of the device: a sample may have been in all of it.
 */
export class SampleGuard {
  readonly #options: GuardOptions;
  readonly #data: string;
  readonly #samples: number;
  readonly #words: RandomWords;
  #lasts: boolean | null = null;
  #skipped = 0;

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#data = fingerprintOf(options.data);
    this.#samples = sampleCount(options.data);
    this.#words = options.words ?? cryptoWords();
  }

  /**
   * How `epochs` epochs may be trained.
   * @throws StrataError `privacy-spent` where the promise would not be kept; `bad-config` where no noise is enough.
   */
  async round(epochs: number): Promise<PrivateRound> {
    const { privacy, local } = this.#options.config;
    const steps = epochs * stepsAnEpoch(local, this.#samples);
    const spending = { ...this.#plan(), steps };
    const spent = await this.#spent();
    const before = epsilonOfSteps(spent, privacy.delta);
    const after = epsilonOfSteps([...spent, spending], privacy.delta);
    this.#tell(spent);
    if (!withinPromise(after, privacy)) throw passed(privacy, before, after);
    return { clip: privacy.clip, noise: spending.noise, words: this.#words, spending };
  }

  /**
   * Records a round that was trained. Only when this settles may anything of it leave.
   * @param skipped gradients that counted as zeros, for the person of this device alone.
   * @returns epsilon so far.
   */
  async record({ spending }: PrivateRound, skipped = 0): Promise<number> {
    this.#skipped += skipped;
    const { kept, run, client } = this.#options;
    this.#lasts = await kept.add(run, { ...spending, client, data: this.#data });
    const spent = await this.#spent();
    this.#tell(spent);
    return epsilonOfSteps(spent, this.#options.config.privacy.delta);
  }

  #plan(): PrivateSteps {
    const { privacy, local } = this.#options.config;
    return samplePlan(privacy, {
      samples: this.#samples,
      batchSize: local.batchSize,
      steps: privateSteps(this.#options.config, this.#samples),
    });
  }

  async #spent(): Promise<readonly SpentSteps[]> {
    const { kept, run, client } = this.#options;
    return (await kept.of(run)).filter((s) => s.client === client || s.data === this.#data);
  }

  #tell(spent: readonly SpentSteps[]): void {
    const { epsilon: promised, delta } = this.#options.config.privacy;
    const { sampling, noise } = this.#plan();
    this.#options.tell?.({
      epsilon: epsilonOfSteps(spent, delta),
      promised,
      delta,
      sampling,
      noise,
      steps: spent.reduce((sum, s) => sum + s.steps, 0),
      skipped: this.#skipped,
      kept: this.#lasts,
      concern: this.#concern(),
    });
  }

  #concern(): string | null {
    const { privacy, local } = this.#options.config;
    const q = samplingRate({ samples: this.#samples, batchSize: local.batchSize });
    if (privacy.delta * this.#samples >= 1) {
      return `With a delta of ${privacy.delta}, one of your ${this.#samples} samples could be given away wholly.`;
    }
    if (q > 0.5) {
      return `You have ${this.#samples} samples, and a step takes ${Math.round(100 * q)} % of them: so few need a lot of noise, and what you send teaches the model little.`;
    }
    return null;
  }
}

const passed = ({ epsilon }: SamplePrivacy, before: number, after: number) =>
  before === 0
    ? new StrataError(
        'privacy-spent',
        `The first round alone would come to an epsilon of ${after.toFixed(2)}; this run promises ${epsilon} at most.`,
        'More samples make it less. The person who runs it can also make a run with more noise, smaller batches or fewer epochs.',
      )
    : new StrataError(
        'privacy-spent',
        `What was promised of each sample is spent: an epsilon of ${before.toFixed(2)} of ${epsilon}, and another round would come to ${after.toFixed(2)}.`,
        'This device takes part no more in this run. A new run begins anew.',
      );

/** Hash of all that samples consist of, so that the same data are known again. It stays on the device. */
export function fingerprintOf(data: Dataset): string {
  const hash = sha256.create();
  const utf8 = new TextEncoder();
  const feed = (value: unknown): void => {
    if (ArrayBuffer.isView(value)) {
      hash.update(utf8.encode(`bytes ${value.byteLength} `));
      hash.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    } else if (Array.isArray(value)) {
      hash.update(utf8.encode(`list ${value.length} `));
      for (const one of value) feed(one);
    } else hash.update(utf8.encode(`${typeof value} ${String(value)} `));
  };
  for (const [name, value] of Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (value === undefined) continue;
    feed(name);
    feed(value);
  }
  return bytesToHex(hash.digest());
}
