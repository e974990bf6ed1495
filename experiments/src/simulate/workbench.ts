import { sampleCount } from '@strata/fl-core/data';
import { alwaysTrained, selectableLayers } from '@strata/fl-core/models/layouts';
import type { NamedTensor } from '@strata/fl-core/protocol';
import { layoutFor } from '@strata/fl-core/rounds';
import { type StartPoint, startPoint } from '../start-point.ts';
import { checkBuffered } from './buffered/check.ts';
import { playBuffered } from './buffered/play.ts';
import { type Cell, runConfigOf, type Simulation } from './config.ts';
import { type PooledData, type PreparedData, prepare, readPooled } from './data.ts';
import { lineOf } from './line.ts';
import { partitionOf } from './partition.ts';
import { play } from './play.ts';
import { type ReferenceResult, referenceOf } from './references.ts';
import type { CellResult, Results } from './results.ts';
import { sharedLayers } from './shared-layers.ts';
import type { Setting } from './worker/messages.ts';
import { DevicePool } from './worker/pool.ts';

/** References by what they have in common with cells: the model and its data. */
export interface References {
  readonly model: string;
  readonly linearProbe: ReferenceResult | null;
  readonly central: ReferenceResult | null;
}

interface Opened {
  readonly setting: Setting;
  readonly start: readonly NamedTensor[];
}

/** Plays cells one after another; data, models and threads are kept from one to the next. */
export class Workbench {
  readonly #results: Results;
  readonly #pool: DevicePool;
  readonly #log: (line: string) => void;
  readonly #starts = new Map<string, Promise<StartPoint>>();
  readonly #pooled = new Map<string, PooledData>();
  readonly #prepared = new Map<string, PreparedData>();

  constructor(results: Results, workers: number, log: (line: string) => void) {
    this.#results = results;
    this.#pool = new DevicePool(workers);
    this.#log = log;
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  /** Plays those that are not done yet. */
  async all(cells: readonly Cell[]): Promise<CellResult[]> {
    const done: CellResult[] = [];
    const progress = new Progress(cells, this.#log);
    for (const cell of cells) {
      const found = await this.#results.find(cell);
      if ('line' in found) {
        progress.without(cell);
        done.push(found);
        continue;
      }
      const { setting, start } = await this.#open(cell);
      await this.#pool.set(setting);
      if (found.saved !== null) progress.without(cell, found.saved.told);
      const how = cell.plan.buffered === undefined ? play : playBuffered;
      const end = await how({
        ...{ plan: cell.plan, setting, start, pool: this.#pool, saved: found.saved },
        onRound: async (row, saved) => {
          await this.#results.addRow(cell.key, row, saved);
          progress.round(cell, row.round, row.test?.accuracy ?? row.summary?.accuracy ?? null);
        },
      });
      const layout = layoutFor(setting.config);
      done.push(await this.#results.end(cell, end, (rows) => lineOf(end, rows, layout, cell.plan.evaluate)));
      progress.end(cell);
    }
    return done;
  }

  /** Of each model and its data that occurs, by the first cell that has it; only those that are `known` already, or all. */
  async references(
    { references }: Simulation,
    cells: readonly Cell[],
    known: boolean,
  ): Promise<References[]> {
    const { linearProbe, central } = references;
    if (linearProbe === undefined && central === undefined) return [];
    const firsts = new Map(cells.map((cell) => [subjectOf(cell), cell] as const).reverse());
    const out: References[] = [];
    for (const [subject, cell] of firsts) {
      const ask = (what: 'head' | 'all', reference: typeof linearProbe) => {
        if (reference === undefined) return null;
        const make = async () => {
          this.#log(`${what === 'head' ? 'linear probe' : 'central run'}: ${reference.rates.length} rates`);
          const { setting, start } = await this.#open(cell);
          await this.#pool.set(setting);
          return referenceOf(what, reference, setting, start, this.#pool);
        };
        const name = `reference-${what}-${out.length + 1}`;
        return this.#results.kept(name, [subject, reference], known ? null : make);
      };
      out.push({
        model: titleOf(cell),
        linearProbe: await ask('head', linearProbe),
        central: await ask('all', central),
      });
    }
    return out;
  }

  /** How long all of it takes, by a probe and a training of one client, and what it takes in memory. */
  async dryRun(cells: readonly Cell[]): Promise<Readonly<Record<string, unknown>>> {
    const rows = [];
    let total = 0;
    for (const [subject, cell] of new Map(cells.map((c) => [subjectOf(c), c] as const).reverse())) {
      const same = cells.filter((c) => subjectOf(c) === subject);
      const { setting, start } = await this.#open(cell);
      await this.#pool.set(setting);
      const seconds = await this.#secondsOfRound(setting, start);
      const rounds = same.reduce((sum, c) => sum + runConfigOf(c, this.#pooledOf(c)).rounds, 0);
      total += rounds * seconds;
      const evaluated = sampleCount(setting.data.test) + sampleCount(setting.data.validation);
      rows.push({
        subject: titleOf(cell),
        cells: same.length,
        rounds,
        secondsOfRoundOfAllLayers: seconds,
        evaluatedSamples: evaluated,
      });
    }
    const mebibytes = Math.round(process.memoryUsage().rss / 2 ** 20);
    return { experiment: 'simulate', dryRun: rows, hoursAtMost: Math.round(total / 36) / 100, mebibytes };
  }

  /** With every layer trained and a probe, the client of middle size standing for all. */
  async #secondsOfRound({ config, parts }: Setting, start: readonly NamedTensor[]): Promise<number> {
    const layout = layoutFor(config);
    const layers = sharedLayers(config, start);
    const checkpoint = {
      round: 0,
      layers: Object.fromEntries(
        Object.entries(layers).map(([name, { sha256, bytes }]) => [
          name,
          { sha256, bytes: bytes.byteLength },
        ]),
      ),
    };
    const common = { round: 1, remainingMs: 0, checkpoint, seed: 1 };
    const mask = selectableLayers(layout);
    const train = [...mask, ...alwaysTrained(layout)];
    const middle =
      [...parts.keys()].sort((a, b) => parts[a]!.length - parts[b]!.length)[parts.length >> 1] ?? 0;
    const ask = async () => {
      const began = performance.now();
      const probe = { ...common, kind: 'probe', score: 'squared-norm', times: false } as const;
      // samples that are protected are not probed
      if (config.privacy.kind !== 'sample') {
        await this.#pool.do({ kind: 'work', client: middle, work: probe, spent: [], layers });
      }
      const training = {
        ...common,
        kind: 'train',
        mask,
        train,
        method: { kind: 'steps', epochs: config.local.epochs },
        clip: null,
        box: null,
        seal: null,
      } as const;
      const work = { ...training, span: [0, 1] as [number, number] };
      await this.#pool.do({ kind: 'work', client: middle, work, spent: [], layers });
      return (performance.now() - began) / 1000;
    };
    await ask(); // warms up
    return ((await ask()) * Math.min(config.cohort.goal, parts.length)) / this.#pool.size;
  }

  async #open(cell: Cell): Promise<Opened> {
    const { plan } = cell;
    const source = JSON.stringify(plan.data);
    const pooled = this.#pooled.get(source) ?? (await readPooled(plan, this.#log));
    this.#pooled.set(source, pooled);
    const asked = runConfigOf(cell, pooled);
    checkBuffered(plan, asked);
    const { model, initial, side, labels, task, seed } = asked;
    const key = JSON.stringify([model, initial, side, labels, task, seed]);
    const found = this.#starts.get(key) ?? startPoint(asked);
    this.#starts.set(key, found);
    const { tensors, tokenizer, ...start } = await found;
    // With what the server found at the source of an imported model.
    const config = { ...asked, model: start.config.model };
    const subject = subjectOf(cell);
    const data = this.#prepared.get(subject) ?? prepare(config, pooled, tokenizer);
    this.#prepared.set(subject, data);
    const parts = partitionOf(data.pool, data.domains, plan.partition, plan.clients, plan.seed);
    return { setting: { config, data, parts }, start: tensors };
  }

  #pooledOf({ plan }: Cell): PooledData {
    return this.#pooled.get(JSON.stringify(plan.data))!;
  }
}

/** What two cells have in common that have the same prepared data. */
const subjectOf = ({ plan: { data, run } }: Cell): string =>
  JSON.stringify([data, run.model, run.side, run.task]);

/** The same for people. */
const titleOf = ({ plan: { data, run } }: Cell): string =>
  [
    typeof run.model === 'string' ? run.model : JSON.stringify(run.model),
    ...(run.side === undefined ? [] : [`${run.side} px`]),
    data.sample ?? data.folder,
  ].join(', ');

/** Lines with the time that is left. */
class Progress {
  readonly #cells: readonly Cell[];
  readonly #log: (line: string) => void;
  readonly #began = performance.now();
  readonly #rounds: number;
  /** Rounds that need not be played. */
  #skipped = 0;
  #played = 0;

  constructor(cells: readonly Cell[], log: (line: string) => void) {
    this.#cells = cells;
    this.#log = log;
    this.#rounds = cells.reduce((sum, cell) => sum + roundsOf(cell), 0);
  }

  without(cell: Cell, rounds = roundsOf(cell)): void {
    this.#skipped += rounds;
  }

  round(cell: Cell, round: number, accuracy: number | null): void {
    this.#played += 1;
    const left = this.#rounds - this.#skipped - this.#played;
    const seconds = ((performance.now() - this.#began) / 1000 / this.#played) * left;
    const place = `${this.#cells.indexOf(cell) + 1}/${this.#cells.length} ${cell.key}`;
    const right = accuracy === null ? '' : `, accuracy ${accuracy.toFixed(3)}`;
    this.#log(`${place}: round ${round}/${roundsOf(cell)}${right}; ${lasting(seconds)} left`);
  }

  /** A cell that ended early has no further rounds. */
  end(cell: Cell): void {
    const before = this.#cells
      .slice(0, this.#cells.indexOf(cell) + 1)
      .reduce((sum, c) => sum + roundsOf(c), 0);
    this.#skipped = Math.max(this.#skipped, before - this.#played);
  }
}

const roundsOf = ({ plan }: Cell): number => (typeof plan.run.rounds === 'number' ? plan.run.rounds : 5);

const lasting = (seconds: number): string =>
  seconds < 90
    ? `${Math.round(seconds)} s`
    : seconds < 5400
      ? `${Math.round(seconds / 60)} min`
      : `${(seconds / 3600).toFixed(1)} h`;
