// @module-tag long
import { describe, expect, it } from 'vitest';
import { decodeSafetensors, type RunConfigInput, StrataError } from '../../protocol/index.ts';
import { type Random, random } from '../../random.ts';
import { gridFor, mostWeight, weightOf } from '../../sealing/index.ts';
import { layoutFor } from '../layout.ts';
import type { Contribution, SealedWork } from '../sealed/index.ts';
import { testConfig, tinyModel } from '../testing/config.ts';
import { hello, memoryRun } from '../testing/crew.ts';
import { contributionOf, SealedClient, sealedAggregation } from '../testing/sealed-crew.ts';
import type { MemoryRun } from './run.ts';

const kinds: readonly SealedWork['kind'][] = ['prepare', 'share', 'mask', 'release'];
const successors: Readonly<Record<string, readonly string[]>> = {
  waiting: ['selecting'],
  selecting: ['training', 'abandoned'],
  training: ['sealing', 'abandoned'],
  sealing: ['uploading', 'abandoned'],
  uploading: ['unmasking', 'abandoned'],
  unmasking: ['aggregating', 'abandoned'],
  aggregating: ['committed', 'abandoned'],
};
/** Codes with which an answer that comes late or twice may be refused. */
const refusals = ['wrong-round', 'wrong-phase', 'not-in-cohort', 'already-answered'];

/** A sealed run to which anything may happen, drawn from a seed, and what must be true of it afterwards. */
class SealedLife {
  readonly log: string[] = [];
  readonly run: MemoryRun;
  readonly #rng: Random;
  readonly #clients: readonly SealedClient[];
  /** What each client said in each round, by round and client. */
  readonly #said = new Map<string, Contribution>();
  #checkedMoves = 0;
  #checkedRound = 0;

  private constructor(run: MemoryRun, clients: readonly SealedClient[], rng: Random) {
    this.run = run;
    this.#clients = clients;
    this.#rng = rng;
  }

  static async begin(seed: number): Promise<SealedLife> {
    const rng = random(seed, 'sealed life');
    const strategies = [{ name: 'random' }, { name: 'round-robin' }, { name: 'gradient-norm' }] as const;
    const config = testConfig({
      model: tinyModel,
      side: 8,
      seed,
      rounds: 20,
      strategy: strategies[rng.below(strategies.length)]!,
      budget: { kind: 'fixed', unit: 'layers', amount: 1 + rng.below(3) },
      cohort: { goal: 7 + rng.below(2), minimum: 3, quorum: 0.5, grace: { share: 0, seconds: 2 } },
      aggregation: { ...sealedAggregation, sealing: { ...sealedAggregation.sealing, atLeast: 3 } },
    } as Partial<RunConfigInput>);
    const run = await memoryRun({ config, graceMs: 4000, everyStepTwice: rng.below(4) === 0 });
    const ids = Array.from({ length: 8 }, (_, i) => `c${i + 1}`);
    const clients = await Promise.all(ids.map((id) => SealedClient.of(run, id)));
    const life = new SealedLife(run, clients, rng);
    for (const id of ids) await run.hello(id, hello(id));
    await run.command('start');
    return life;
  }

  async step(): Promise<void> {
    const { run } = this;
    const client = this.#clients[this.#rng.below(this.#clients.length)]!;
    const { id } = client;
    const what = run.crashed ? 0 : this.#rng.below(90);
    this.log.push(`${what} ${id}`);
    if (run.crashed || what === 0) await run.restart();
    else if (what === 1 || (what === 17 && run.book.openRound?.phase === 'uploading')) await run.leave(id);
    else if (what === 2) run.drop(id);
    else if (what === 3) run.crashAfter(this.#rng.below(6));
    else if (what === 4) await run.advance(1 + this.#rng.below(20));
    else if (what < 16) await run.hello(id, hello(id));
    else await this.#answer(client, this.#kind());
    this.check();
  }

  /** Mostly what the phase asks for. */
  #kind(): SealedWork['kind'] {
    const asked = { training: 0, sealing: 1, uploading: 2, unmasking: 3 }[
      (this.run.book.openRound?.phase ?? 'training') as 'training'
    ];
    return kinds[this.#rng.below(5) > 0 && asked !== undefined ? asked : this.#rng.below(4)]!;
  }

  async #answer(client: SealedClient, kind: SealedWork['kind']): Promise<void> {
    const work = this.run.work(client.id);
    if (work.kind === 'train')
      this.#said.set(`${work.round} ${client.id}`, contributionOf(this.run, client.id, work));
    try {
      await client.answer(kind);
    } catch (error) {
      if (!(error instanceof StrataError && refusals.includes(error.code))) throw error;
    }
  }

  /** Everybody is back: the run gets on by another round. */
  async recover(): Promise<void> {
    const before = this.run.book.committed.length;
    for (let n = 0; n < 40 && this.run.book.committed.length === before; n++) {
      if (this.run.crashed) await this.run.restart();
      for (const { id } of this.#clients) await this.run.hello(id, hello(id));
      for (const kind of kinds) for (const client of this.#clients) await this.#answer(client, kind);
      this.check();
      if (this.run.book.committed.length === before) await this.run.advance(31);
    }
    expect(this.run.book.committed.length).toBeGreaterThan(before);
  }

  check(): void {
    const { moves, book, clock, crashed } = this.run;
    for (; this.#checkedMoves < moves.length; this.#checkedMoves++) {
      const { round, phase } = moves[this.#checkedMoves]!;
      const from = moves.slice(0, this.#checkedMoves).findLast((m) => m.round === round)?.phase;
      expect(successors[from ?? 'waiting'], `from ${from} to ${phase}`).toContain(phase);
    }
    const { openRound } = book;
    // A phase outlives its deadline only while nobody is there to end it.
    if (openRound?.deadline && !crashed) expect(openRound.deadline.getTime()).toBeGreaterThan(clock.now);
    for (const round of book.rounds.keys()) this.#checkReleased(round);
    const newest = book.committed.at(-1);
    if (newest && newest.round > this.#checkedRound) {
      this.#checkModel(newest.round);
      this.#checkedRound = newest.round;
    }
  }

  /** Of no member has the server shares of both kinds, whoever gave them. */
  #checkReleased(round: number): void {
    const all = this.run.book.cohort(round).flatMap((m) => m.sealing?.released ?? []);
    const seeds = new Set(all.flatMap((r) => Object.keys(r.seeds)));
    for (const client of all.flatMap((r) => Object.keys(r.keys))) expect(seeds).not.toContain(client);
  }

  /** The model is the one before and the weighted mean of those whose words came; closed layers are as they were. */
  #checkModel(round: number): void {
    const { book } = this.run;
    const { sealed, baseRound } = book.round(round);
    const survivors = book.cohort(round).filter((m) => m.update !== null);
    const roster = book.cohort(round).filter((m) => m.sealing).length;
    expect(survivors.length).toBeGreaterThanOrEqual(Math.max(3, Math.floor((2 * roster) / 3) + 1));
    for (const { name } of layoutFor(book.run.config).layers) {
      const said = survivors.flatMap(({ client }) => {
        const own = this.#said.get(`${round} ${client}`);
        const values = own?.layers.get(name);
        return own && values ? [{ values, weight: weightOf(own.samples, 640) }] : [];
      });
      const opened = sealed?.layers[name];
      const [before, after] = [baseRound, round].map((r) => book.checkpoint(r).layers[name]!);
      if (opened === undefined) {
        expect(after).toEqual(before);
        expect(sealed?.closed[name] ?? 0).toBeLessThan(3);
        continue;
      }
      const weight = said.reduce((sum, s) => sum + s.weight, 0);
      expect(opened).toEqual({ members: said.length, weight, clamped: 0 });
      expect(said.length).toBeGreaterThanOrEqual(3);
      const flat = (sha256: string) =>
        decodeSafetensors(book.read(sha256)).tensors.flatMap((t) => [...t.data]);
      const [old, now] = [flat(before!.sha256), flat(after!.sha256)];
      const step = 1 / gridFor(roster, mostWeight, 0.1).scale;
      for (let k = 0; k < old.length; k += 7) {
        const mean = said.reduce((sum, s) => sum + s.weight * s.values[k]!, 0) / weight;
        expect(Math.abs(now[k]! - old[k]! - mean)).toBeLessThan(2 * step + 2e-7);
      }
    }
  }
}

describe('a sealed run in memory', () => {
  it('keeps its promises whatever happens, over 12 seeds of 400 operations', async () => {
    const seen = { committed: 0, abandoned: 0, closed: 0, lost: 0 };
    for (let seed = 1; seed <= 12; seed++) {
      const life = await SealedLife.begin(seed);
      try {
        for (let n = 0; n < 400; n++) await life.step();
        await life.recover();
      } catch (error) {
        throw new Error(`seed ${seed}, last ${life.log.slice(-12).join(', ')}`, { cause: error });
      }
      for (const { phase, sealed, round } of life.run.book.rounds.values()) {
        if (phase === 'abandoned') seen.abandoned++;
        if (phase !== 'committed') continue;
        seen.committed++;
        seen.closed += Object.keys(sealed!.closed).length;
        seen.lost += life.run.book.cohort(round).filter((m) => m.sealing?.shared && !m.update).length;
      }
    }
    // What the lives are about did happen.
    for (const count of Object.values(seen)) expect(count, JSON.stringify(seen)).toBeGreaterThan(5);
  }, 240_000);
});
