import { createControlPlane, createDataPlane, newIdentity } from '@strata/client';
import {
  encodeSafetensors,
  type ModelWork,
  type NamedTensor,
  type RunConfig,
  type Work,
} from '@strata/fl-core/protocol';
import { random } from '@strata/fl-core/random';
import { layoutFor } from '@strata/fl-core/rounds';
import { syntheticScores } from '@strata/fl-core/rounds/testing';

/** Speaks as the product's own client does, and trains nothing: what is measured is the server. */

export interface Crowd {
  /** Participants are dealt out to these. */
  readonly servers: readonly string[];
  readonly run: string;
  /** Of the run's join link. */
  readonly key: string;
  readonly config: RunConfig;
  /** Whether changed layers are fetched, as tabs do; otherwise the server has the machine for uploads alone. */
  readonly downloads: boolean;
  /** Lets so many upload at once. */
  readonly gate: Gate;
  /** Called when an update was acknowledged, with its bytes and the time. */
  uploaded(round: number, bytes: number, at: number): void;
  /** Called when a participant cannot go on. */
  failed(error: unknown): void;
}

/** At most `places` pieces of work at once; the others wait in order. */
export class Gate {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  async through<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resume) => this.#waiting.push(resume));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}

const samples = 10;

/** A scripted participant of a run, from its hello to the run's end. */
export class Participant {
  readonly #crowd: Crowd;
  readonly #number: number;
  readonly #identity = newIdentity();
  readonly #control;
  readonly #data;
  readonly #asked = new Set<string>();
  readonly #held = new Set<string>();
  /** Settles when the run is over. */
  readonly over: Promise<void>;
  #end: () => void = () => {};

  constructor(crowd: Crowd, number: number) {
    const { servers, run, key } = crowd;
    const server = servers[number % servers.length] ?? '';
    this.#crowd = crowd;
    this.#number = number;
    this.#control = createControlPlane({ server, run, key, identity: this.#identity });
    this.#data = createDataPlane({ server, run, key, identity: this.#identity });
    this.over = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Connects and says hello. */
  join(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#control.open({
        connected: () => {
          this.#control
            .hello({
              name: `Participant ${this.#number}`,
              device: { backend: 'cpu', reason: 'a benchmark' },
              samples,
              heldOut: 4,
            })
            .then((work) => {
              resolve();
              this.#take(work);
            }, reject);
        },
        disconnected: () => {},
        refused: reject,
        work: (work) => this.#take(work),
        run: () => {},
      });
    });
  }

  /** Milliseconds until the server has answered what this participant's work is. */
  async question(): Promise<number> {
    const start = performance.now();
    await this.#control.work();
    return performance.now() - start;
  }

  /** Is not drawn for rounds from now on. */
  async pause(): Promise<void> {
    await this.#control.standing({ want: 'pause' });
  }

  leave(): void {
    this.#control.close();
  }

  #take(work: Work): void {
    switch (work.kind) {
      case 'wait':
        return;
      case 'over':
        this.leave();
        this.#end();
        return;
      case 'probe':
      case 'train':
      case 'evaluate': {
        const key = `${work.kind} ${work.round}`;
        if (this.#asked.has(key)) return;
        this.#asked.add(key);
        this.#answer(work).catch((error: unknown) => this.#crowd.failed(error));
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
    const { round } = work;
    if (this.#crowd.downloads) await this.#fetch(work);
    switch (work.kind) {
      case 'probe':
        await this.#control.probed({
          round,
          scores: syntheticScores(this.#crowd.config, work.seed),
          samples,
          loss: 2,
        });
        break;
      case 'train': {
        const { gate, config, uploaded } = this.#crowd;
        await gate.through(async () => {
          const update = updateOf(config, work.train, this.#number, round);
          await this.#data.upload(round, update, new AbortController().signal);
          uploaded(round, update.byteLength, Date.now());
        });
        break;
      }
      case 'evaluate':
        await this.#control.evaluated({ round, loss: 1 / round, accuracy: 0.5, samples: 4 });
        break;
      default:
        work satisfies never;
    }
    // As a session does after every answer (R9).
    this.#take(await this.#control.work());
  }

  /** Layers of the checkpoint that this participant has not seen yet; they are checked against their hashes. */
  async #fetch({ checkpoint }: Pick<Extract<Work, { kind: 'evaluate' }>, 'checkpoint'>): Promise<void> {
    for (const { sha256 } of Object.values(checkpoint.layers)) {
      if (this.#held.has(sha256)) continue;
      await this.#data.blob(sha256, new AbortController().signal);
      this.#held.add(sha256);
    }
  }
}

const drawn = new Map<string, NamedTensor[]>();

/** Random values of a layer, the same for everybody: a second draw would be the client's time and not the server's. */
function tensorsOf(config: RunConfig, layer: string): NamedTensor[] {
  const known = drawn.get(layer);
  if (known) return known;
  const spec = layoutFor(config).layers.find((l) => l.name === layer);
  const tensors = (spec?.tensors ?? []).map(({ name, shape }) => {
    const draws = random('bench-orchestrator', name);
    const length = shape.reduce((a, b) => a * b, 1);
    return { name, shape, data: Float32Array.from({ length }, () => 0.01 * (draws.uniform() - 0.5)) };
  });
  drawn.set(layer, tensors);
  return tensors;
}

/** A valid update. Its last value is the participant's own, so that no two updates are the same blob. */
export function updateOf(
  config: RunConfig,
  layers: readonly string[],
  participant: number,
  round: number,
): Uint8Array<ArrayBuffer> {
  const bytes = encodeSafetensors(
    layers.flatMap((layer) => tensorsOf(config, layer)),
    { samples: String(samples), loss: '1.5' },
  );
  new DataView(bytes.buffer).setFloat32(bytes.byteLength - 4, participant / 1e6 + round / 1e3, true);
  return bytes;
}
