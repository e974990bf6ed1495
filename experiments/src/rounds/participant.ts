import { perform, WeightsSync } from '@strata/client/work';
import type { Dataset } from '@strata/fl-core/data';
import { type Checkpoint, isModelWork, toldBy } from '@strata/fl-core/protocol';
import type { MemoryRun } from '@strata/fl-core/rounds/memory';
import type { Trainer } from '@strata/fl-core/training';

const never = new AbortController().signal;

/** One device for all participants of a run in memory. Its model is on the wasm backend. */
export class SharedDevice {
  readonly #run: MemoryRun;
  readonly #trainer: Trainer;
  readonly #weights: WeightsSync;

  constructor(run: MemoryRun, trainer: Trainer) {
    this.#run = run;
    this.#trainer = trainer;
    this.#weights = new WeightsSync(async (sha256) => run.book.read(sha256));
  }

  /** Does what the run asks of a participant; false when it asks for nothing. */
  async act(id: string, data: Dataset): Promise<boolean> {
    const work = this.#run.work(id);
    if (!isModelWork(work)) return false;
    if (work.kind === 'evaluate') {
      // Measured on the makers' own test split instead.
      await this.#run.evaluated(id, { round: work.round, samples: 0, loss: 0, accuracy: 0 });
      return true;
    }
    const answer = await perform(
      work,
      {
        trainer: this.#trainer,
        weights: this.#weights,
        data: { train: data, heldOut: data },
        local: this.#run.book.run.config.local,
        guard: null,
        told: toldBy(this.#run.book.run.config),
      },
      { signal: never },
      () => {},
    );
    switch (answer.kind) {
      case 'probe':
        await this.#run.probed(id, answer.message);
        return true;
      case 'train':
        await this.#run.update(id, answer.round, answer.update);
        return true;
      case 'evaluate':
        throw new TypeError('An evaluation was answered that was not asked for.');
      default:
        return answer satisfies never;
    }
  }

  /** Gives the trainer the layers of a checkpoint. */
  load(checkpoint: Checkpoint): Promise<void> {
    return this.#weights.sync(checkpoint, this.#trainer, never, () => {});
  }
}
