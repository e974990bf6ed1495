import { parentPort } from 'node:worker_threads';
import { perform, SampleGuard, SpendingInMemory, WeightsSync } from '@strata/client/work';
import { type Dataset, sampleCount, splitHoldOut, subset } from '@strata/fl-core/data';
import { loadModel } from '@strata/fl-core/models';
import { specOf } from '@strata/fl-core/models/layouts';
import { encodeSafetensors, StrataError, toldBy } from '@strata/fl-core/protocol';
import { random } from '@strata/fl-core/random';
import { chooseBackend, finish, Trainer } from '@strata/fl-core/training';
import type { Done, Job, Setting, SharedLayers } from './messages.ts';

/**
 * A device of the simulation: the product's own client code on wasm, one thread, for whichever client has work. What
 * it answers depends on the job alone, not on the jobs before.
 */
class Device {
  readonly #setting: Setting;
  readonly #trainer: Trainer;
  readonly #weights: WeightsSync;
  #layers: SharedLayers = {};
  readonly #parts = new Map<number, ReturnType<typeof splitHoldOut>>();

  private constructor(setting: Setting, trainer: Trainer) {
    this.#setting = setting;
    this.#trainer = trainer;
    this.#weights = new WeightsSync(async (sha256) => {
      const layer = Object.values(this.#layers).find((l) => l.sha256 === sha256);
      if (layer === undefined) throw new ReferenceError(`There is no layer ${sha256}.`);
      return layer.bytes.slice(); // no longer shared: what decodes text refuses shared memory
    });
  }

  static async open(setting: Setting): Promise<Device> {
    const { config } = setting;
    await chooseBackend({ force: 'wasm' });
    const model = await loadModel(specOf(config), { classes: config.labels.length, side: config.side });
    return new Device(setting, new Trainer(model));
  }

  dispose(): void {
    this.#trainer.dispose();
  }

  async do(job: Exclude<Job, { kind: 'setting' }>): Promise<Done> {
    this.#layers = job.layers;
    switch (job.kind) {
      case 'work': {
        const { training, heldOut } = this.#partsOf(job.client);
        const kept = new SpendingInMemory();
        for (const steps of job.spent) await kept.add(simulated, steps);
        const answer = await perform(
          job.work,
          {
            trainer: this.#trainer,
            weights: this.#weights,
            data: { train: training, heldOut },
            local: this.#setting.config.local,
            guard: this.#guardOf(job, training, kept),
            told: toldBy(this.#setting.config),
          },
          { signal: new AbortController().signal },
          () => {},
        );
        switch (answer.kind) {
          case 'probe':
            return { kind: 'probe', message: answer.message };
          case 'train':
            return {
              kind: 'update',
              update: answer.update,
              loss: answer.loss,
              spent: await kept.of(simulated),
            };
          case 'evaluate':
            return { kind: 'counted', counted: answer.message };
          default:
            return answer satisfies never;
        }
      }
      case 'evaluate': {
        await this.#sync();
        const data = this.#sideOf(job.side, job.from, job.to);
        const counted = await finish(this.#trainer.evaluate(data, { batchSize: evaluationBatch }));
        return { kind: 'counted', counted };
      }
      case 'alone': {
        await this.#sync();
        const { train: layers, local, seed } = job;
        const { update, loss } = await finish(
          this.#trainer.train(this.#setting.data.pool, { layers, local, seed }),
        );
        return { kind: 'update', update: encodeSafetensors(update), loss, spent: [] };
      }
      default:
        return job satisfies never;
    }
  }

  /** Its noise is of the seed, not of the system's bits: a simulation can be repeated, and has nobody to protect. */
  #guardOf(
    { client, work }: Extract<Job, { kind: 'work' }>,
    data: Dataset,
    kept: SpendingInMemory,
  ): SampleGuard | null {
    const { privacy, rounds, local, seed } = this.#setting.config;
    if (privacy.kind !== 'sample') return null;
    const { uniform } = random(seed, 'sample privacy', client, work.round);
    return new SampleGuard({
      ...{ run: simulated, client: String(client), config: { privacy, rounds, local }, data, kept },
      words: { next: () => Math.floor(uniform() * 2 ** 32) },
    });
  }

  #sync(): Promise<void> {
    const layers = Object.fromEntries(
      Object.entries(this.#layers).map(([name, { sha256, bytes }]) => [
        name,
        { sha256, bytes: bytes.byteLength },
      ]),
    );
    const never = new AbortController().signal;
    return this.#weights.sync({ round: 0, layers }, this.#trainer, never, () => {});
  }

  #sideOf(side: Extract<Job, { kind: 'evaluate' }>['side'], from: number, to: number): Dataset {
    const { data } = this.#setting;
    if (typeof side === 'object') return this.#partsOf(side.client).heldOut;
    const whole = data[side];
    return subset(whole, [...Array(sampleCount(whole)).keys()].slice(from, to));
  }

  /**
   * A client's own data, split as its page splits them; the same objects each time, by which the trainer knows its
   * activations again where what lies below the trained layers has not changed, as a tab's does.
   */
  #partsOf(client: number) {
    const { config, data, parts } = this.#setting;
    const known = this.#parts.get(client);
    if (known) return known;
    const own = subset(data.pool, parts[client] ?? []);
    const split = splitHoldOut(own, config.local.holdOut, config.seed);
    this.#parts.set(client, split);
    return split;
  }
}

const evaluationBatch = 64;
/** What spending is kept under: a simulation has one run. */
const simulated = 'run';

let device: Device | null = null;

async function answer(job: Job): Promise<Done> {
  try {
    if (job.kind === 'setting') {
      device?.dispose();
      device = await Device.open(job.setting);
      return { kind: 'ready' };
    }
    if (device === null) throw new ReferenceError('A job came before its setting.');
    return await device.do(job);
  } catch (error) {
    const code = error instanceof StrataError ? error.code : 'internal';
    return {
      kind: 'failed',
      code,
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}

parentPort?.on('message', (job: Job) => {
  void answer(job).then((done) =>
    parentPort?.postMessage(done, done.kind === 'update' ? [done.update.buffer] : []),
  );
});
