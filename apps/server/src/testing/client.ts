import {
  ChannelSocket,
  createDataPlane,
  type DataOptions,
  type DataPlane,
  type Identity,
  newIdentity,
} from '@strata/client';
import { SecretsInMemory } from '@strata/client/sealed/in-memory';
import { SealedParty, type SealedTraining } from '@strata/client/sealed/party';
import { seal } from '@strata/client/session/sealed-work';
import {
  clientChannel,
  type ErrorBody,
  encodeSafetensors,
  type Hello,
  type NamedTensor,
  type Probed,
  protocolVersion,
  type RunConfig,
  type StepTimesMessage,
  type UpdateReceipt,
  type Work,
} from '@strata/fl-core/protocol';
import {
  syntheticDelta,
  syntheticScores,
  syntheticSums,
  syntheticTimes,
} from '@strata/fl-core/rounds/testing';

export type WorkOf<K extends Work['kind']> = Extract<Work, { kind: K }>;
type ActiveWork = Exclude<Work, { kind: 'wait' | 'over' }>;

/** What a scripted client does with its work; each can be replaced to misbehave. */
export interface Script {
  probe(client: TestClient, work: WorkOf<'probe'>): Promise<void>;
  train(client: TestClient, work: WorkOf<'train'>): Promise<void>;
  evaluate(client: TestClient, work: WorkOf<'evaluate'>): Promise<void>;
  /** A step of a sealed round after its training. */
  seal(client: TestClient, work: WorkOf<'share' | 'mask' | 'release'>): Promise<void>;
}

export const honest: Script = {
  probe: async (client, work) => {
    await client.probed(work.round, client.scores(work), work.times ? client.measured() : {});
  },
  train: async (client, work) => {
    if (work.seal === null) await client.upload(work.round, client.delta(work), client.said(work));
    else await client.ready({ ...work, seal: work.seal });
  },
  evaluate: async (client, work) => {
    await client.evaluated(work.round);
  },
  seal: (client, work) => client.seal(work),
};

export const silent = async (): Promise<void> => {};

export interface TestClientOptions {
  readonly url: string;
  readonly run: string;
  readonly id: string;
  readonly config: RunConfig;
  readonly samples?: number;
  /** How much slower than others it says it is. */
  readonly slowness?: number;
  readonly script?: Partial<Script>;
  readonly secret?: string;
  /** Signs what it sends, as one line; it has no key otherwise. */
  readonly sign?: DataOptions['sign'];
  /** Which tab it says it is; one of its own otherwise. */
  readonly tab?: string;
  /** The secret of the join link; null: without an invitation. */
  readonly key: string | null;
}

/**
 * A participant for tests: speaks with the server by the product's own client code, with synthetic but well-formed
 * scores and updates that derive from the seed in its work, so that a test can compute them again.
 */
export class TestClient {
  readonly id: string;
  readonly secret: string;
  /** The product's end of the control plane, to say what no session would say. */
  readonly channel: ChannelSocket<typeof clientChannel>;
  readonly #plane: DataPlane;
  readonly samples: number;
  /** Its part in sealed rounds. */
  party: SealedParty;
  /** Every work it was told, in order. */
  readonly history: Work[] = [];
  readonly errors: unknown[] = [];
  /** Why the operator sent it away. */
  readonly dismissals: ErrorBody[] = [];
  readonly #options: TestClientOptions;
  readonly #script: Script;
  readonly #done = new Set<string>();
  #waiting: (() => void)[] = [];
  #disconnected: () => void = () => {};

  constructor(options: TestClientOptions) {
    this.#options = options;
    this.id = options.id;
    this.secret = options.secret ?? newIdentity().secret;
    const { url: server, run, key, sign, tab = newIdentity().client } = options;
    const identity: Identity = { client: this.id, secret: this.secret };
    this.channel = new ChannelSocket(clientChannel, {
      server,
      auth: { protocol: protocolVersion, run, ...identity, ...(key === null ? {} : { key }), tab },
      comeBackMs: { least: 50, most: 200 },
    });
    this.#plane = createDataPlane({ server, run, key, identity, ...(sign === undefined ? {} : { sign }) });
    this.samples = options.samples ?? 10;
    this.party = this.newParty();
    this.#script = { ...honest, ...options.script };
  }

  get run(): string {
    return this.#options.run;
  }

  /** The secret of the join link it came by. */
  get key(): string | null {
    return this.#options.key;
  }

  get connected(): boolean {
    return this.channel.connected;
  }

  /** Connects and says hello; reconnects by itself, also after a restart of the server. Gives its first work. */
  join(hello: Partial<Hello> = {}): Promise<Work> {
    return new Promise((resolve, reject) => {
      this.channel.open({
        connected: () => {
          this.hello(hello).then(resolve, (error: unknown) => {
            this.errors.push(error);
            reject(error);
          });
        },
        disconnected: () => this.#disconnected(),
        refused: reject,
        pushes: {
          work: (work) => this.#take(work),
          run: () => {},
          pace: ({ spreadMs }) => this.channel.pace(spreadMs),
          dismissed: (body) => {
            this.dismissals.push(body);
            this.channel.close();
          },
        },
      });
    });
  }

  async hello(hello: Partial<Hello> = {}): Promise<Work> {
    const work = await this.channel.ask('hello', {
      name: this.id,
      device: { backend: 'cpu', reason: 'a test' },
      samples: this.samples,
      heldOut: 4,
      ...hello,
    });
    this.#take(work);
    return work;
  }

  /** What is this client's work? Sessions ask after every answer. */
  async ask(): Promise<void> {
    this.#take(await this.channel.ask('work', {}));
  }

  /** Settles when the connection is lost. */
  disconnection(): Promise<void> {
    return new Promise((resolve) => {
      this.#disconnected = resolve;
    });
  }

  async probed(
    round: number,
    scores: Record<string, number>,
    measured: Pick<Probed, 'times' | 'steps'> = {},
  ): Promise<void> {
    const message = { round, scores, samples: this.samples, loss: 2, ...measured };
    await this.channel.ask('probed', message);
    await this.ask();
  }

  async evaluated(round: number): Promise<void> {
    const loss = 2 / round;
    await this.channel.ask('evaluated', { round, loss, accuracy: 0.5, samples: 4 });
    await this.ask();
  }

  async standing(want: 'pause' | 'resume' | 'leave'): Promise<void> {
    this.#take(await this.channel.ask('standing', { want }));
  }

  scores(work: Pick<WorkOf<'probe'>, 'seed'>): Record<string, number> {
    return syntheticScores(this.#options.config, work.seed);
  }

  measured(): { times: StepTimesMessage; steps: number } {
    return syntheticTimes(this.#options.config, this.#options.slowness ?? 1);
  }

  /** Of a sealed run: what it would send is ready. Its keys, shares and masks are the product's. */
  async ready(work: SealedTraining): Promise<void> {
    const { samples } = this;
    const trained = {
      update: this.delta(work),
      samples,
      trainLoss: 1.5,
      before: { samples: 4, loss: samples / 100, accuracy: 0.25 },
      scores: work.seal.score === null ? null : this.scores(work),
    };
    await this.channel.ask('sealed', await this.party.ready(work, trained));
    await this.ask();
  }

  async seal(work: WorkOf<'share' | 'mask' | 'release'>): Promise<void> {
    const answer = await seal(this.party, work, () => {});
    if (answer.kind === 'masked') await this.put(answer.round, answer.file);
    else if (answer.kind === 'sealed') await this.channel.ask('sealed', answer.message);
    await this.ask();
  }

  delta(
    work: Pick<WorkOf<'train'>, 'train' | 'seed'> & Partial<Pick<WorkOf<'train'>, 'method'>>,
  ): NamedTensor[] {
    const { config } = this.#options;
    const sums = work.method?.kind === 'closed-form' ? syntheticSums(config, work.seed) : null;
    return sums ?? syntheticDelta(config, work.train, work.seed);
  }

  /** Beside an update; of a head that is computed there is no loss of training. */
  said({ method }: Pick<WorkOf<'train'>, 'method'>): Record<string, string> {
    return { samples: String(this.samples), ...(method.kind === 'steps' ? { loss: '1.5' } : {}) };
  }

  async upload(
    round: number,
    tensors: readonly NamedTensor[],
    metadata: Record<string, string> = { samples: String(this.samples), loss: '1.5' },
  ): Promise<UpdateReceipt> {
    const receipt = await this.put(round, encodeSafetensors(tensors, metadata));
    await this.ask();
    return receipt;
  }

  put(round: number, body: Uint8Array<ArrayBuffer>): Promise<UpdateReceipt> {
    return this.#plane.upload(round, body, new AbortController().signal);
  }

  /** Waits until the newest work satisfies `test`. */
  async until(test: (work: Work) => boolean, what: string, timeoutMs = 60_000): Promise<Work> {
    const end = Date.now() + timeoutMs;
    for (;;) {
      const newest = this.history.at(-1);
      if (newest && test(newest)) return newest;
      const left = end - Date.now();
      if (left <= 0) {
        throw new Error(`${this.id} waited in vain for ${what}; its work is ${JSON.stringify(newest)}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** The connection breaks off; the client does not come back by itself, but may {@link join} again. */
  drop(): void {
    this.channel.close();
  }

  /** That remembers nothing, neither its key nor its rounds. */
  newParty(): SealedParty {
    const { run, config } = this.#options;
    return new SealedParty({ id: run, config, assets: {} }, this.id, new SecretsInMemory());
  }

  /** As after a reload of the page: this piece of work will be taken up again. */
  forget(work: ActiveWork): void {
    this.#done.delete(`${work.kind} ${work.round}`);
  }

  #take(work: Work): void {
    this.history.push(work);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
    if (work.kind === 'wait' || work.kind === 'over') return;
    const key = `${work.kind} ${work.round}`;
    if (this.#done.has(key)) return;
    this.#done.add(key);
    this.#answer(work).catch((error: unknown) => {
      this.#done.delete(key);
      this.errors.push(error);
    });
  }

  #answer(work: ActiveWork): Promise<void> {
    switch (work.kind) {
      case 'probe':
        return this.#script.probe(this, work);
      case 'train':
        return this.#script.train(this, work);
      case 'evaluate':
        return this.#script.evaluate(this, work);
      case 'share':
      case 'mask':
      case 'release':
        return this.#script.seal(this, work);
      default:
        return work satisfies never;
    }
  }
}
