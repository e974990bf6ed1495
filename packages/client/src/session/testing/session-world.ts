import type { ImageDataset } from '@strata/fl-core/data';
import { loadModel } from '@strata/fl-core/models';
import {
  alwaysTrained,
  catalog,
  initialLayer,
  layoutOf,
  selectableLayers,
} from '@strata/fl-core/models/layouts';
import { type Checkpoint, RunConfig, toldBy, type Work } from '@strata/fl-core/protocol';
import { random } from '@strata/fl-core/random';
import { vi } from 'vitest';
import { createControlPlane, createDataPlane, type DataPlane, newIdentity } from '../../index.ts';
import { SealedParty } from '../../sealed/party.ts';
import { SecretsInMemory } from '../../sealed/secrets-in-memory.ts';
import type { LocalTrainer, SampleGuard, SampleStanding } from '../../work/index.ts';
import { Session } from '../session.ts';
import { type ClientSnapshot, initialSnapshot } from '../snapshot.ts';
import { SharedTrainer } from '../trainers.ts';
import { ScriptedServer } from './scripted-server.ts';

const labels = ['left', 'right', 'none'];
const spec = catalog['vit-nano'];
export const layout = layoutOf(spec, labels.length);
export const blocks = selectableLayers(layout);
export const head = alwaysTrained(layout);
export const config = RunConfig.parse({
  name: 'test',
  model: 'vit-nano',
  side: 32,
  data: { kind: 'image' },
  labels,
  strategy: { name: 'full' },
  local: { batchSize: 4, epochs: 6, probeBatches: 1 },
});
const manifest = { id: 'run-1', config, assets: {} };

/** Noise pictures: what they show does not matter here. */
function pictures(count: number, seed: number): ImageDataset {
  const { below } = random(seed);
  return {
    kind: 'image',
    side: config.side,
    pixels: Uint8Array.from({ length: count * config.side ** 2 * 3 }, () => below(256)),
    labels: Int32Array.from({ length: count }, (_, i) => i % labels.length),
  };
}

/** The model at `round`; different rounds have different heads. */
function publish(server: ScriptedServer, round: number): Checkpoint {
  const layers = layout.layers.map(
    ({ name, role }) => [name, initialLayer(spec, layout, name, role === 'head' ? round : 0)] as const,
  );
  return server.publish(round, Object.fromEntries(layers));
}

export const wait = (reason: Extract<Work, { kind: 'wait' }>['reason'], round: number | null = 1): Work => ({
  kind: 'wait',
  reason,
  round,
  estimateSeconds: null,
  message: '',
});

class CountedTrainers extends SharedTrainer {
  rebuilt = 0;

  /** The trainer in use. */
  trainer(): Promise<LocalTrainer> {
    return this.use(async ({ trainer }) => trainer);
  }

  override async rebuild(): Promise<void> {
    this.rebuilt++;
    await super.rebuild();
  }
}

type WorldGuard = (train: ImageDataset, tell: (standing: SampleStanding) => void) => SampleGuard | null;

/** A session on real sockets, real HTTP and the real trainer against the scripted server. */
export class World {
  readonly server = new ScriptedServer(wait('more-clients', null));
  readonly trainers = new CountedTrainers(
    { name: 'cpu', reason: 'test', adapter: '', threads: 1, memoryBytes: null, recovery: null },
    () => loadModel(spec, { classes: labels.length, side: config.side }),
    (sha256, signal) => this.#plane.blob(sha256, signal),
  );
  readonly identity = newIdentity();
  readonly seen: ClientSnapshot['phase']['kind'][] = [];
  snapshot: ClientSnapshot = initialSnapshot(this.identity.client);
  session!: Session;
  readonly #guard: WorldGuard;
  #plane!: DataPlane;
  checkpoint!: Checkpoint;

  readonly #config: RunConfig;

  /**
   * @param guard in a run that protects each sample: of this client's data.
   * @param asked of the run's configuration, beside what a session does not look at.
   */
  constructor(
    guard: WorldGuard = () => null,
    asked: Partial<Pick<RunConfig, 'privacy' | 'aggregation'>> = {},
  ) {
    this.#guard = guard;
    this.#config = { ...config, ...asked };
  }

  async start(): Promise<void> {
    await this.server.start();
    this.checkpoint = publish(this.server, 0);
    const update = (change: (snapshot: ClientSnapshot) => Partial<ClientSnapshot>) => {
      this.snapshot = { ...this.snapshot, ...change(this.snapshot) };
      if (this.seen.at(-1) !== this.snapshot.phase.kind) this.seen.push(this.snapshot.phase.kind);
    };
    this.#plane = createDataPlane({
      server: this.server.url,
      run: manifest.id,
      key: 'a-key',
      identity: this.identity,
      traffic: (down, up) => update((s) => ({ bytesDown: s.bytesDown + down, bytesUp: s.bytesUp + up })),
    });
    const train = pictures(12, 1);
    this.session = new Session({
      hello: {
        name: 'Ada',
        device: { backend: 'cpu', reason: 'test', adapter: '', threads: 1 },
        samples: 12,
        heldOut: 6,
      },
      local: config.local,
      data: { train, heldOut: pictures(6, 2) },
      guard: this.#guard(train, (standing) => update(() => ({ standing }))),
      told: toldBy(this.#config),
      trainers: this.trainers,
      control: createControlPlane({
        server: this.server.url,
        run: manifest.id,
        key: 'a-key',
        identity: this.identity,
      }),
      plane: this.#plane,
      party: async () => new SealedParty(manifest, this.identity.client, new SecretsInMemory()),
      update,
    });
    this.session.start();
  }

  async stop(): Promise<void> {
    await this.session.leave();
    await this.trainers.rebuild();
    await this.server.stop();
  }

  probe(round = 1, times = false): Work {
    return {
      kind: 'probe',
      round,
      remainingMs: 60_000,
      checkpoint: this.checkpoint,
      seed: 7,
      score: 'squared-norm',
      times,
    };
  }

  train(mask: string[] = [blocks[2]!], round = 1): Work {
    const { checkpoint } = this;
    return {
      kind: 'train',
      round,
      remainingMs: 60_000,
      checkpoint,
      mask,
      train: [...mask, ...head],
      seed: 7,
      span: [0, 1],
      method: { kind: 'steps', epochs: config.local.epochs },
      clip: null,
      box: null,
      seal: null,
    };
  }

  evaluate(round = 1): Work {
    return { kind: 'evaluate', round, remainingMs: 60_000, checkpoint: publish(this.server, round) };
  }

  /** Waits until the snapshot is as wanted. */
  until(wanted: (snapshot: ClientSnapshot) => boolean): Promise<void> {
    return vi.waitUntil(() => wanted(this.snapshot), { timeout: 20_000, interval: 5 }).then(() => {});
  }

  async received(count: number): Promise<void> {
    await vi.waitUntil(() => this.server.received.updates.length >= count, { timeout: 20_000, interval: 5 });
  }
}
