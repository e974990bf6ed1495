import type { Dataset } from '@strata/fl-core/data';
import { loadModel } from '@strata/fl-core/models';
import { layoutOf, parameterCount, specOf } from '@strata/fl-core/models/layouts';
import { type RunManifest, StrataError, saidTo, toldBy } from '@strata/fl-core/protocol';
import { taskNamed } from '@strata/fl-core/tasks';
import { backoffMs, createControlPlane, createDataPlane, type DataPlane, remedy, sleep } from '../index.ts';
import type { SealedParty } from '../sealed/party.ts';
import { SampleGuard } from '../work/index.ts';
import { errorBody } from './error-body.ts';
import { preparedKey, withKeptModels } from './kept.ts';
import { type LoadedData, loadData } from './load-data.ts';
import type { DataChoice, JoinWishes, StartOptions } from './options.ts';
import type { Platform } from './platform.ts';
import { Session } from './session.ts';
import { type ClientSnapshot, type DataSummary, initialSnapshot, type LayerInfo } from './snapshot.ts';
import type { Trainers } from './trainers.ts';
import { updateSigner } from './update-signer.ts';

/** What is known once the worker has looked around. */
interface ClientSetup {
  readonly manifest: RunManifest;
  readonly trainers: Trainers;
  /** Names this run's data among those that are kept. */
  readonly key: string;
}

/** One client from its first look at the device to its goodbye. */
export class Client {
  readonly #options: StartOptions;
  readonly #platform: Platform;
  readonly #plane: DataPlane;
  readonly #changed: (snapshot: ClientSnapshot) => void;
  readonly #gone = new AbortController();
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
  /** Whether another round may be told of is being looked up. */
  #looking = false;
  #party: SealedParty | null = null;

  /** `changed` is called with every new state, many times a second at work. */
  constructor(options: StartOptions, platform: Platform, changed: (snapshot: ClientSnapshot) => void) {
    this.#options = options;
    this.#platform = platform;
    this.#changed = changed;
    this.#choice = options.data ?? null;
    this.#wishes = options;
    this.#eager = options.join !== 'when-asked';
    this.#snapshot = initialSnapshot(options.identity.client, options.past);
    const { run, identity } = options;
    const { sign } = updateSigner({ run, client: identity.client }, platform.secrets, (key) =>
      this.#update(() => ({ signingKey: key })),
    );
    const http = createDataPlane({
      ...options,
      sign,
      traffic: (down, up) =>
        this.#update(({ bytesDown, bytesUp }) => ({ bytesDown: bytesDown + down, bytesUp: bytesUp + up })),
    });
    this.#plane = withKeptModels(http, platform.models, (keeping) =>
      this.#update(({ modelKeeping }) => ({
        modelKeeping: modelKeeping === null || modelKeeping === 'kept' ? keeping : modelKeeping,
      })),
    );
  }

  /** Looks at the device and the run, then loads the data if there is a choice already. */
  async start(): Promise<void> {
    try {
      const [manifest, trainers] = await Promise.all([this.#manifest(), this.#takeDevice()]);
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
    const { data, models, secrets } = this.#platform;
    await Promise.all([data.clear(), models.clear(), secrets.clear()]);
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

  async #takeDevice(): Promise<Trainers> {
    const trainers = await this.#platform.trainers({
      backend: this.#options.backend,
      load: () => {
        const { config } = this.#require().manifest;
        return loadModel(specOf(config), { classes: config.labels.length, side: config.side });
      },
      blob: (sha256, signal) => this.#plane.blob(sha256, signal),
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
        platform: this.#platform,
        seed: this.#options.seed ?? manifest.config.seed,
        signal: loading.signal,
        asset: (sha256) => this.#plane.blob(sha256, loading.signal),
        stored: (of) =>
          this.#platform.data.load(
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
    const keeping = await this.#platform.data.keep(key, own, this.#options.identity.client);
    if (!signal.aborted) this.#update(() => ({ keeping }));
    await this.#lookAtStores();
  }

  async #lookAtStores(): Promise<void> {
    if (this.#setup === null) return;
    const { key } = this.#setup;
    const [data, dataBytes, modelBytes] = await Promise.all([
      this.#platform.data.find(key),
      this.#platform.data.size(),
      this.#platform.models.size(),
    ]);
    this.#update(() => ({ stored: { data, bytes: dataBytes + modelBytes } }));
  }

  #joinIfReady(): void {
    const loaded = this.#loaded;
    if (!this.#eager || loaded === null || this.#session !== null || this.#looking) return;
    const { manifest } = this.#require();
    const guard = this.#sampleGuard(manifest, loaded.data.train);
    if (guard === null) {
      this.#join(loaded, null);
      return;
    }
    // Who could not be in another round takes no place in one; and what was spent before is on the page at once.
    this.#looking = true;
    const { epochs, head } = manifest.config.local;
    const { warmUp } = head;
    const warm = warmUp.kind === 'trained' && warmUp.rounds > 0 ? warmUp.epochs : epochs;
    const least = Math.min(epochs, warm);
    void guard.round(least).then(
      () => {
        this.#looking = false;
        if (this.#gone.signal.aborted) return;
        // The person may have chosen other data meanwhile.
        if (this.#loaded === loaded) this.#join(loaded, guard);
        else this.#joinIfReady();
      },
      (error: unknown) => {
        this.#looking = false;
        this.#fail(error);
      },
    );
  }

  #join({ data, summary }: LoadedData, guard: SampleGuard | null): void {
    const { manifest, trainers } = this.#require();
    const { run, key, server, identity } = this.#options;
    const { name, budget } = this.#wishes;
    this.#session = new Session({
      hello: saidTo(manifest.config.aggregation.sealing, {
        name: name ?? '',
        ...(budget === undefined ? {} : { budget }),
        device: trainers.device,
        samples: summary.samples,
        // Nothing is measured for others on samples that are protected.
        heldOut: guard === null ? summary.heldOut : 0,
      }),
      local: manifest.config.local,
      data,
      guard,
      told: toldBy(manifest.config),
      trainers,
      control: createControlPlane({ server, run, key, identity }),
      plane: this.#plane,
      party: () => this.#sealedParty(manifest),
      update: (change) => this.#update(change),
    });
    this.#session.start();
  }

  /** This client's bound on what it tells of each sample; null where the run promises none. */
  #sampleGuard({ config }: RunManifest, data: Dataset): SampleGuard | null {
    const { privacy, rounds, local } = config;
    if (privacy.kind !== 'sample') return null;
    return new SampleGuard({
      run: this.#options.run,
      client: this.#options.identity.client,
      config: { privacy, rounds, local },
      data,
      kept: this.#platform.spending,
      tell: (standing) => this.#update(() => ({ standing })),
    });
  }

  /** With its code, which comes where a run is sealed alone. */
  async #sealedParty(manifest: RunManifest): Promise<SealedParty> {
    if (this.#party !== null) return this.#party;
    const { SealedParty } = await import('../sealed/party.ts');
    this.#party ??= new SealedParty(manifest, this.#options.identity.client, this.#platform.secrets);
    return this.#party;
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
    if (now !== before && (now === 'over' || now === 'left')) {
      void this.#lookAtStores();
      void this.#party?.end();
    }
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
