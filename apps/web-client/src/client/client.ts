import {
  backoffMs,
  createControlPlane,
  createDataPlane,
  type DataPlane,
  remedy,
  sleep,
} from '@strata/client';
import type { Dataset } from '@strata/fl-core/data';
import { loadModel } from '@strata/fl-core/models';
import { layoutOf, parameterCount, specOf } from '@strata/fl-core/models/layouts';
import { type RunManifest, StrataError } from '@strata/fl-core/protocol';
import { taskNamed } from '@strata/fl-core/tasks';
import { BackendTrainers } from './backend-trainers.ts';
import { DataStore, preparedKey } from './data-store.ts';
import { errorBody } from './error-body.ts';
import { type LoadedData, loadData } from './load-data.ts';
import type { WorkerOptions } from './messages.ts';
import { ModelStore, withModelStore } from './model-store.ts';
import type { DataChoice, JoinWishes } from './options.ts';
import { Session } from './session.ts';
import { type ClientSnapshot, type DataSummary, initialSnapshot, type LayerInfo } from './snapshot.ts';

/** What is known once the worker has looked around. */
interface ClientSetup {
  readonly manifest: RunManifest;
  readonly trainers: BackendTrainers;
  /** Names this run's data in {@link DataStore}. */
  readonly key: string;
}

/** One client from its first look at the device to its goodbye; lives in the worker. */
export class Client {
  readonly #options: WorkerOptions;
  readonly #plane: DataPlane;
  readonly #changed: (snapshot: ClientSnapshot) => void;
  readonly #gone = new AbortController();
  readonly #dataStore = new DataStore();
  readonly #modelStore = new ModelStore();
  #snapshot: ClientSnapshot;
  #setup: ClientSetup | null = null;
  #choice: DataChoice | null;
  /** Cancels the loading of data that the person has replaced. */
  #loading = new AbortController();
  #loaded: LoadedData | null = null;
  #wishes: JoinWishes;
  /** Join as soon as there is data. */
  #eager: boolean;
  #session: Session | null = null;

  /** `changed` is called with every new state, many times a second at work. */
  constructor(options: WorkerOptions, changed: (snapshot: ClientSnapshot) => void) {
    this.#options = options;
    this.#changed = changed;
    this.#choice = options.data ?? null;
    this.#wishes = options;
    this.#eager = options.join !== 'when-asked';
    this.#snapshot = initialSnapshot(options.identity.client, options.past);
    const http = createDataPlane({
      ...options,
      traffic: (down, up) =>
        this.#update(({ bytesDown, bytesUp }) => ({ bytesDown: bytesDown + down, bytesUp: bytesUp + up })),
    });
    this.#plane = withModelStore(http, this.#modelStore, (keeping) =>
      this.#update(({ modelKeeping }) => ({
        modelKeeping: modelKeeping === null || modelKeeping === 'kept' ? keeping : modelKeeping,
      })),
    );
  }

  /** Looks at the device and the run, then loads the data if there is a choice already. */
  async start(): Promise<void> {
    try {
      const [manifest, trainers] = await Promise.all([this.#manifest(), this.#startBackend()]);
      const key = await preparedKey(this.#options.run, manifest);
      this.#setup = { manifest, trainers, key };
      await this.#lookAtStores();
      this.#update(() => ({ layers: layersOf(manifest), phase: { kind: 'choosing' } }));
      await this.#load();
    } catch (error) {
      this.#fail(error);
    }
  }

  choose(choice: DataChoice): void {
    if (this.#session !== null) return;
    this.#choice = choice;
    void this.#load();
  }

  /** Deletes everything that this site keeps on the device; the data in use stays in memory. */
  async forget(): Promise<void> {
    await Promise.all([this.#dataStore.clear(), this.#modelStore.clear()]);
    this.#update(() => ({ keeping: null }));
    await this.#lookAtStores();
  }

  join(wishes: JoinWishes): void {
    this.#wishes = { ...this.#wishes, ...wishes };
    this.#eager = true;
    this.#joinIfReady();
  }

  pause(how: 'now' | 'after-round'): void {
    this.#session?.pause(how);
  }

  resume(): void {
    this.#session?.resume();
  }

  async leave(): Promise<void> {
    this.#eager = false;
    this.#loading.abort();
    this.#gone.abort(new Error('left'));
    if (this.#session === null) this.#update(() => ({ phase: { kind: 'left' } }));
    else await this.#session.leave();
    this.#setup?.trainers.dispose();
  }

  async #manifest(): Promise<RunManifest> {
    for (let n = 0; ; n++) {
      try {
        const [manifest, run] = await Promise.all([
          this.#plane.manifest(this.#gone.signal),
          this.#plane.run(this.#gone.signal),
        ]);
        this.#update(() => ({ run, notice: null }));
        return manifest;
      } catch (error) {
        this.#gone.signal.throwIfAborted();
        if (remedy(error) !== 'again') throw error;
        this.#update(() => ({ notice: errorBody(error) }));
        await sleep(backoffMs(n), this.#gone.signal);
      }
    }
  }

  async #startBackend(): Promise<BackendTrainers> {
    const trainers = await BackendTrainers.start(this.#options.backend, () => {
      const { config } = this.#require().manifest;
      return loadModel(specOf(config), { classes: config.labels.length, side: config.side });
    });
    this.#update(() => ({ device: trainers.device }));
    return trainers;
  }

  async #load(): Promise<void> {
    const choice = this.#choice;
    if (choice === null || this.#setup === null) return;
    const { manifest, key } = this.#setup;
    this.#loading.abort();
    const loading = new AbortController();
    this.#loading = loading;
    this.#loaded = null;
    this.#update(() => ({
      phase: { kind: 'loading-data', fraction: 0 },
      data: null,
      notice: null,
      keeping: null,
    }));
    try {
      const loaded = await loadData(choice, {
        manifest,
        server: this.#options.server,
        seed: this.#options.seed ?? manifest.config.seed,
        signal: loading.signal,
        asset: (sha256) => this.#plane.blob(sha256, loading.signal),
        stored: (of) =>
          this.#dataStore.load(
            key,
            manifest.config.labels.length,
            of === 'anyone' ? undefined : this.#options.identity.client,
          ),
        report: (fraction) => {
          if (!loading.signal.aborted) this.#update(() => ({ phase: { kind: 'loading-data', fraction } }));
        },
      });
      if (loading.signal.aborted) return;
      this.#update(() => ({ data: loaded.summary }));
      requireSamples(loaded.summary, manifest.config);
      this.#loaded = loaded;
      this.#update(() => ({ phase: { kind: 'ready' } }));
      this.#joinIfReady();
      if (loaded.own !== null) await this.#keep(key, loaded.own, loading.signal);
    } catch (error) {
      if (loading.signal.aborted) return;
      // Data that is gone from the device is no failure: the person chooses it again.
      if (choice.kind === 'stored') this.#eager = false;
      if (this.#eager) this.#fail(error);
      else this.#update(() => ({ phase: { kind: 'choosing' }, notice: errorBody(error) }));
    }
  }

  /** Keeps the person's data on the device for the next visit; when that is not possible, says so and goes on. */
  async #keep(key: string, own: Dataset, signal: AbortSignal): Promise<void> {
    const keeping = await this.#dataStore.keep(key, own, this.#options.identity.client);
    if (!signal.aborted) this.#update(() => ({ keeping }));
    await this.#lookAtStores();
  }

  async #lookAtStores(): Promise<void> {
    if (this.#setup === null) return;
    const { key } = this.#setup;
    const [data, dataBytes, modelBytes] = await Promise.all([
      this.#dataStore.find(key),
      this.#dataStore.size(),
      this.#modelStore.size(),
    ]);
    this.#update(() => ({ stored: { data, bytes: dataBytes + modelBytes } }));
  }

  #joinIfReady(): void {
    if (!this.#eager || this.#loaded === null || this.#session !== null) return;
    const { data, summary } = this.#loaded;
    const { manifest, trainers } = this.#require();
    const { run, key, server, identity } = this.#options;
    const { name, budget } = this.#wishes;
    this.#session = new Session({
      hello: {
        name: name ?? '',
        ...(budget === undefined ? {} : { budget }),
        device: trainers.device,
        samples: summary.samples,
        heldOut: summary.heldOut,
        classCounts: [...summary.classCounts],
      },
      local: manifest.config.local,
      data,
      trainers,
      control: createControlPlane({ server, run, key, identity }),
      plane: this.#plane,
      update: (change) => this.#update(change),
    });
    this.#session.start();
  }

  #require(): ClientSetup {
    if (this.#setup !== null) return this.#setup;
    throw new StrataError('internal', 'The client was used before it had started.', 'Reload the page.');
  }

  #fail(error: unknown): void {
    if (this.#gone.signal.aborted) return;
    this.#update(() => ({ phase: { kind: 'failed', error: errorBody(error) } }));
  }

  #update(change: (snapshot: ClientSnapshot) => Partial<ClientSnapshot>): void {
    const before = this.#snapshot.phase.kind;
    this.#snapshot = { ...this.#snapshot, ...change(this.#snapshot) };
    const now = this.#snapshot.phase.kind;
    // Parts of the model have come since; the person sees how much stays behind.
    if (now !== before && (now === 'over' || now === 'left')) void this.#lookAtStores();
    this.#changed(this.#snapshot);
  }
}

function requireSamples(
  { samples, problemCount, unknown, tables }: DataSummary,
  { task, data }: RunManifest['config'],
): void {
  if (samples > 0) return;
  if (unknown.length > 0) {
    throw new StrataError(
      'bad-request',
      'The names in your data are none of the labels of this run.',
      'Say what they mean, in the form above.',
    );
  }
  if (tables.some(({ unclear }) => unclear !== null)) {
    throw new StrataError(
      'bad-request',
      'Which columns of your table hold what this run needs is not clear.',
      'Say it in the form above.',
    );
  }
  throw new StrataError(
    'bad-request',
    problemCount > 0
      ? 'None of this can be used; the reasons are listed.'
      : 'There is nothing to learn from here.',
    taskNamed(task.name).wordsOn(data.kind).instead,
  );
}

function layersOf({ config }: RunManifest): LayerInfo[] {
  const { layers } = layoutOf(specOf(config), config.labels.length);
  return layers.map((layer) => ({ name: layer.name, role: layer.role, parameters: parameterCount(layer) }));
}
