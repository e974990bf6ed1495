import { type Dataset, sampleCount } from '@strata/fl-core/data';
import { loadModel, type ModelSpec } from '@strata/fl-core/models';
import { decodeSafetensors, encodeSafetensors, isModelWork, type RunConfig } from '@strata/fl-core/protocol';
import type { MemoryRun } from '@strata/fl-core/rounds/memory';
import { finish, Trainer } from '@strata/fl-core/training';

/** A participant without a browser: its data, and a trainer that does what the run asks of it. */
export class Participant {
  readonly id: string;
  readonly #run: MemoryRun;
  readonly #config: RunConfig;
  readonly #data: Dataset;
  readonly #heldOut: Dataset;
  readonly #trainer: Trainer;

  private constructor(id: string, run: MemoryRun, data: Dataset, heldOut: Dataset, trainer: Trainer) {
    this.id = id;
    this.#run = run;
    this.#config = run.book.run.config;
    this.#data = data;
    this.#heldOut = heldOut;
    this.#trainer = trainer;
  }

  /** Says hello to the run. */
  static async join(
    run: MemoryRun,
    id: string,
    spec: ModelSpec,
    { data, heldOut }: { data: Dataset; heldOut: Dataset },
  ): Promise<Participant> {
    const { labels, side } = run.book.run.config;
    const trainer = new Trainer(await loadModel(spec, { classes: labels.length, side }));
    await run.hello(id, {
      name: id,
      device: { backend: 'cpu', reason: 'an example', adapter: '', threads: 1 },
      samples: sampleCount(data),
      heldOut: sampleCount(heldOut),
    });
    return new Participant(id, run, data, heldOut, trainer);
  }

  /** Does the work there is; false when there is none. */
  async act(): Promise<boolean> {
    const work = this.#run.work(this.id);
    if (!isModelWork(work)) return false;
    for (const [layer, { sha256 }] of Object.entries(work.checkpoint.layers)) {
      this.#trainer.setLayer(layer, decodeSafetensors(this.#run.book.read(sha256)).tensors);
    }
    const { local } = this.#config;
    const { batchSize } = local;
    const samples = sampleCount(this.#data);
    switch (work.kind) {
      case 'probe': {
        const { round, score, seed } = work;
        const options = { batches: local.probeBatches, batchSize, seed, score };
        const { scores, loss } = await finish(this.#trainer.probe(this.#data, options));
        await this.#run.probed(this.id, { round, scores, samples, loss });
        return true;
      }
      case 'train': {
        const { round, train: layers, seed, span, method } = work;
        if (method.kind !== 'steps') throw new Error('This example trains its head.');
        const { epochs } = method;
        const options = { layers, local: { ...local, epochs }, seed, span };
        const { update, loss } = await finish(this.#trainer.train(this.#data, options));
        const metadata = { samples: String(samples), loss: String(loss) };
        await this.#run.update(this.id, round, encodeSafetensors(update, metadata));
        return true;
      }
      case 'evaluate': {
        const result = await finish(this.#trainer.evaluate(this.#heldOut, { batchSize }));
        await this.#run.evaluated(this.id, { round: work.round, ...result });
        return true;
      }
      default:
        return work satisfies never;
    }
  }

  leave(): void {
    this.#trainer.dispose();
  }
}
