import { randomBytes } from 'node:crypto';
import {
  type Ack,
  clientNamespace,
  encodeSafetensors,
  type Hello,
  type NamedTensor,
  type Probed,
  protocolVersion,
  type RunConfig,
  type StepTimesMessage,
  type UpdateReceipt,
  Welcome,
  Work,
} from '@strata/fl-core/protocol';
import { syntheticDelta, syntheticScores, syntheticTimes } from '@strata/fl-core/rounds/testing';
import { io, type Socket } from 'socket.io-client';
import { accepted } from './answer.ts';

export type WorkOf<K extends Work['kind']> = Extract<Work, { kind: K }>;

/** What a scripted client does with its work; each can be replaced to misbehave. */
export interface Script {
  probe(client: TestClient, work: WorkOf<'probe'>): Promise<void>;
  train(client: TestClient, work: WorkOf<'train'>): Promise<void>;
  evaluate(client: TestClient, work: WorkOf<'evaluate'>): Promise<void>;
}

export const honest: Script = {
  probe: async (client, work) => {
    await client.probed(work.round, client.scores(work), work.times ? client.measured() : {});
  },
  train: async (client, work) => {
    await client.upload(work.round, client.delta(work));
  },
  evaluate: async (client, work) => {
    await client.evaluated(work.round);
  },
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
}

/**
 * A participant for tests: speaks the real protocol over socket and HTTP, with synthetic but well-formed scores
 * and updates that derive from the seed in its work, so that a test can compute them again.
 */
export class TestClient {
  readonly id: string;
  readonly secret: string;
  readonly samples: number;
  /** Every work it was told, in order. */
  readonly history: Work[] = [];
  readonly errors: unknown[] = [];
  readonly #options: TestClientOptions;
  readonly #script: Script;
  readonly #done = new Set<string>();
  #socket: Socket | null = null;
  #waiting: (() => void)[] = [];

  constructor(options: TestClientOptions) {
    this.#options = options;
    this.id = options.id;
    this.secret = options.secret ?? randomBytes(32).toString('hex');
    this.samples = options.samples ?? 10;
    this.#script = { ...honest, ...options.script };
  }

  get run(): string {
    return this.#options.run;
  }

  get socket(): Socket {
    if (!this.#socket) throw new Error(`${this.id} is not connected`);
    return this.#socket;
  }

  get connected(): boolean {
    return this.#socket?.connected ?? false;
  }

  /** Connects and says hello; reconnects by itself, also after a restart of the server. */
  async join(hello: Partial<Hello> = {}): Promise<Welcome> {
    const { url, run } = this.#options;
    const socket = io(`${url}${clientNamespace}`, {
      transports: ['websocket'],
      auth: { protocol: protocolVersion, run, client: this.id, secret: this.secret },
      reconnectionDelay: 50,
      reconnectionDelayMax: 200,
      forceNew: true,
    });
    this.#socket = socket;
    socket.on('work', (work: unknown) => this.#take(Work.parse(work)));
    return new Promise((resolve, reject) => {
      socket.on('connect_error', (error) => {
        if (!socket.active) reject(error);
      });
      socket.on('connect', () => {
        this.hello(hello).then(resolve, (error: unknown) => {
          this.errors.push(error);
          reject(error);
        });
      });
    });
  }

  async hello(hello: Partial<Hello> = {}): Promise<Welcome> {
    const { labels } = this.#options.config;
    const welcome = Welcome.parse(
      await this.send('hello', {
        name: this.id,
        device: { backend: 'cpu', reason: 'a test' },
        samples: this.samples,
        heldOut: 4,
        classCounts: labels.map(() => 1),
        ...hello,
      }),
    );
    this.#take(welcome.work);
    return welcome;
  }

  /** Sends an event and returns the value of its acknowledgement; an error acknowledgement rejects. */
  async send(event: string, message: unknown): Promise<unknown> {
    const ack: Ack<unknown> = await this.socket.timeout(10_000).emitWithAck(event, message);
    if (ack.ok) return ack.value;
    throw new Error(ack.error.code, { cause: ack.error });
  }

  async probed(
    round: number,
    scores: Record<string, number>,
    measured: Pick<Probed, 'times' | 'steps'> = {},
  ): Promise<void> {
    const message = { round, scores, samples: this.samples, loss: 2, ...measured };
    this.#take(Work.parse(await this.send('probed', message)));
  }

  async evaluated(round: number): Promise<void> {
    const loss = 2 / round;
    this.#take(Work.parse(await this.send('evaluated', { round, loss, accuracy: 0.5, samples: 4 })));
  }

  async standing(want: 'pause' | 'resume' | 'leave'): Promise<void> {
    this.#take(Work.parse(await this.send('standing', { want })));
  }

  scores(work: Pick<WorkOf<'probe'>, 'seed'>): Record<string, number> {
    return syntheticScores(this.#options.config, work.seed);
  }

  measured(): { times: StepTimesMessage; steps: number } {
    return syntheticTimes(this.#options.config, this.#options.slowness ?? 1);
  }

  delta(work: WorkOf<'train'>): NamedTensor[] {
    return syntheticDelta(this.#options.config, work.train, work.seed);
  }

  async upload(
    round: number,
    tensors: readonly NamedTensor[],
    metadata: Record<string, string> = { samples: String(this.samples), loss: '1.5' },
  ): Promise<UpdateReceipt> {
    const receipt = await this.put(round, encodeSafetensors(tensors, metadata));
    this.#take(receipt.work);
    return receipt;
  }

  async put(round: number, body: Uint8Array<ArrayBuffer>): Promise<UpdateReceipt> {
    const { url, run } = this.#options;
    const response = await fetch(`${url}/runs/${run}/rounds/${round}/update`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${this.id}.${this.secret}`,
        'content-type': 'application/octet-stream',
      },
      body,
    });
    return accepted(response);
  }

  /** Waits until the newest work satisfies `test`. */
  async until(test: (work: Work) => boolean, what: string, timeoutMs = 15_000): Promise<Work> {
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

  /** The connection breaks off; the client does not come back by itself. */
  drop(): void {
    this.#socket?.disconnect();
  }

  /** As after a reload of the page: this piece of work will be taken up again. */
  forget(work: WorkOf<'probe' | 'train' | 'evaluate'>): void {
    this.#done.delete(`${work.kind} ${work.round}`);
  }

  /** Comes back after {@link drop}. */
  comeBack(): void {
    this.#socket?.connect();
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

  #answer(work: WorkOf<'probe' | 'train' | 'evaluate'>): Promise<void> {
    switch (work.kind) {
      case 'probe':
        return this.#script.probe(this, work);
      case 'train':
        return this.#script.train(this, work);
      case 'evaluate':
        return this.#script.evaluate(this, work);
      default:
        return work satisfies never;
    }
  }
}
