import { setTimeout as sleep } from 'node:timers/promises';
import { createControlPlane, createDataPlane, type Identity, newIdentity, remedy } from '@strata/client';
import { encodeSafetensors, type ModelWork, type RunConfig, type Work } from '@strata/fl-core/protocol';
import { syntheticDelta, syntheticScores } from '@strata/fl-core/rounds/testing';

export interface MemberOptions {
  readonly server: string;
  readonly run: string;
  /** Of the run's join link. */
  readonly key: string;
  readonly config: RunConfig;
  readonly id: string;
  /** Waited for before each answer. */
  before(work: ModelWork): Promise<void>;
  /** Told of each answer that was acknowledged. */
  after(work: ModelWork): void;
  failed(error: unknown): void;
}

const samples = 10;
const againMs = 100;

/**
 * A participant that answers by the seed in its work, so that a run has the same bytes each time, and says everything
 * until it is heard, as a session does.
 */
export class Member {
  readonly #options: MemberOptions;
  readonly #control;
  readonly #data;
  readonly #answering = new Set<string>();
  /** Settles when the run is over. */
  readonly over: Promise<void>;
  #end: () => void = () => {};
  #closed = false;

  constructor(options: MemberOptions) {
    this.#options = options;
    const { server, run, key, id } = options;
    const identity: Identity = { client: id, secret: newIdentity().secret };
    const comeBackMs = { least: 50, most: 200 };
    this.#control = createControlPlane({ server, run, key, identity, comeBackMs });
    this.#data = createDataPlane({ server, run, key, identity });
    this.over = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Connects, from now on again after each loss, and says hello; resolves when it was heard the first time. */
  join(): Promise<void> {
    return new Promise((resolve) => {
      this.#control.open({
        connected: () => {
          const hello = this.#control.hello({
            name: this.#options.id,
            device: { backend: 'cpu', reason: 'a benchmark' },
            samples,
            heldOut: 4,
          });
          hello.then(
            (work) => {
              resolve();
              this.#take(work);
            },
            () => {}, // the connection is lost again
          );
        },
        disconnected: () => {},
        refused: (error) => this.#options.failed(error),
        work: (work) => this.#take(work),
        run: () => {},
      });
    });
  }

  close(): void {
    this.#closed = true;
    this.#control.close();
  }

  #take(work: Work): void {
    switch (work.kind) {
      case 'wait':
        return;
      case 'over':
        this.close();
        this.#end();
        return;
      case 'probe':
      case 'train':
      case 'evaluate': {
        const key = `${work.kind} ${work.round}`;
        if (this.#answering.has(key)) return;
        this.#answering.add(key);
        this.#answer(work).catch((error: unknown) => this.#options.failed(error));
        return;
      }
      case 'share':
      case 'mask':
      case 'release':
        throw new Error('The runs of this benchmark are not sealed.');
      default:
        work satisfies never;
    }
  }

  async #answer(work: ModelWork): Promise<void> {
    await this.#options.before(work);
    await this.#untilHeard(() => this.#send(work));
    this.#options.after(work);
    await this.#untilHeard(async () => this.#take(await this.#control.work()));
  }

  async #untilHeard(say: () => Promise<unknown>): Promise<void> {
    while (!this.#closed) {
      try {
        await say();
        return;
      } catch (error) {
        if (remedy(error) === 'moved-on') return;
        if (remedy(error) !== 'again') throw error;
        await sleep(againMs);
      }
    }
  }

  #send(work: ModelWork): Promise<unknown> {
    const { round, kind } = work;
    const { config } = this.#options;
    switch (kind) {
      case 'probe':
        return this.#control.probed({ round, scores: syntheticScores(config, work.seed), samples, loss: 2 });
      case 'train': {
        const metadata = { samples: String(samples), loss: '1.5' };
        const update = encodeSafetensors(syntheticDelta(config, work.train, work.seed), metadata);
        return this.#data.upload(round, update, new AbortController().signal);
      }
      case 'evaluate':
        return this.#control.evaluated({ round, loss: 1 / round, accuracy: 0.5, samples: 4 });
      default:
        return kind satisfies never;
    }
  }
}
