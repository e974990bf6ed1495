import { encodeSafetensors, type RunConfigInput, type Work } from '../../protocol/index.ts';
import { deviceRandomness, Member, type Pins } from '../../sealing/index.ts';
import { type Identity, identityOf, newIdentityKeys } from '../../signing/index.ts';
import { layoutFor } from '../layout.ts';
import type { MemoryRun } from '../memory/run.ts';
import {
  type Contribution,
  exchangeOf,
  type SealedWork,
  type Terms,
  vectorsOf,
  wordsOf,
} from '../sealed/index.ts';
import { syntheticDelta, syntheticScores } from './answers.ts';
import { hello } from './crew.ts';

/** What a configuration needs so that it can be sealed. */
export const sealedAggregation = {
  rule: { name: 'mean' },
  weightCap: null,
  sealing: { kind: 'sealed', atLeast: 5, samples: 640, seconds: 30 },
} as const satisfies RunConfigInput['aggregation'];

/** An exchange that a client is in. */
interface Under {
  readonly round: number;
  readonly member: Member;
  readonly contribution: Contribution;
  readonly terms: Terms;
  /** On the roster, once it is known. */
  members: number;
}

/** An honest client of a sealed run: it trains as `syntheticDelta` says, and seals by the product's own code. */
export class SealedClient {
  readonly id: string;
  readonly #run: MemoryRun;
  readonly #identity: Identity;
  #pins: Pins = new Map();
  #under: Under | null = null;

  private constructor(run: MemoryRun, id: string, identity: Identity) {
    this.#run = run;
    this.id = id;
    this.#identity = identity;
  }

  static async of(run: MemoryRun, id: string): Promise<SealedClient> {
    return new SealedClient(run, id, await identityOf(await newIdentityKeys()));
  }

  /** Answers what it is asked for in this kind of sealed work; false when it is asked for nothing, or another kind. */
  async answer(kind: SealedWork['kind']): Promise<boolean> {
    const asked = this.#run.sealedWork(this.id);
    if (asked?.kind !== kind) return false;
    switch (asked.kind) {
      case 'prepare': {
        const work = this.#run.work(this.id);
        if (work.kind !== 'train') throw new Error(`${this.id} is to seal what it was not asked to train.`);
        const under = await this.#prepare(work, asked.terms);
        await this.#run.ready(this.id, asked.round, under.member.ready);
        return true;
      }
      case 'share': {
        const under = this.#underWay(asked.round);
        const { shared, pins } = await under.member.share(asked.roster);
        this.#pins = pins;
        under.members = asked.roster.members.length;
        await this.#run.shared(this.id, asked.round, shared);
        return true;
      }
      case 'mask':
        await this.#run.masked(this.id, asked.round, await this.maskedFile(asked));
        return true;
      case 'release': {
        const released = await this.#underWay(asked.round).member.release(asked.survivors);
        await this.#run.released(this.id, asked.round, released);
        return true;
      }
      default:
        return asked satisfies never;
    }
  }

  /** What it would send, as I32 safetensors. */
  async maskedFile({
    round,
    inbox,
  }: Extract<SealedWork, { kind: 'mask' }>): Promise<Uint8Array<ArrayBuffer>> {
    const { member, terms, members, contribution } = this.#underWay(round);
    const words = wordsOf(this.#run.book.run.config, terms, members, contribution, deviceRandomness);
    const masked = await member.mask(inbox, words);
    return encodeSafetensors([...masked].map(([name, data]) => ({ name, shape: [data.length], data })));
  }

  async #prepare(work: Extract<Work, { kind: 'train' }>, terms: Terms): Promise<Under> {
    if (this.#under?.round === work.round) return this.#under;
    const { id, config } = this.#run.book.run;
    // By what the client knows itself: its work, and the run's configuration.
    const exchange = exchangeOf({ id, config }, work.round, work.checkpoint.layers, terms);
    const vectors = vectorsOf(config, terms, work.mask);
    const member = await Member.prepare(exchange, this.id, vectors, this.#identity, this.#pins);
    const contribution = contributionOf(this.#run, this.id, work);
    this.#under = { round: work.round, member, contribution, terms, members: 0 };
    return this.#under;
  }

  #underWay(round: number): Under {
    if (this.#under?.round === round) return this.#under;
    throw new Error(`${this.id} is asked to go on with an exchange that it has not begun.`);
  }
}

/** What a client has to say of its training, as `updateBytes` does in a run that is not sealed. */
export function contributionOf(
  { book }: MemoryRun,
  client: string,
  { train, seed }: Pick<Extract<Work, { kind: 'train' }>, 'train' | 'seed'>,
): Contribution {
  const { config } = book.run;
  const tensors = new Map(syntheticDelta(config, train, seed).map((t) => [t.name, t.data]));
  const layers = layoutFor(config).layers.filter((l) => train.includes(l.name));
  const { samples } = hello(client); // a sealed run is not told
  return {
    layers: new Map(
      layers.map((l) => [l.name, Float32Array.from(l.tensors.flatMap((t) => [...tensors.get(t.name)!]))]),
    ),
    samples,
    trainLoss: 1.5,
    before: { samples: 4, loss: samples / 100, accuracy: 0.25 },
    scores: Object.values(syntheticScores(config, seed)),
  };
}

/** These clients do one kind of sealed work. */
export async function allDo(clients: readonly SealedClient[], kind: SealedWork['kind']): Promise<void> {
  for (const client of clients) await client.answer(kind);
}
