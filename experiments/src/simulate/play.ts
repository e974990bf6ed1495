import { type SpentSteps, workKey } from '@strata/client/work';
import { isModelWork, type ModelWork, type NamedTensor, type RoundSummary } from '@strata/fl-core/protocol';
import { summarize } from '@strata/fl-core/rounds';
import { type KeptRun, MemoryRun } from '@strata/fl-core/rounds/memory';
import type { Plan } from './config.ts';
import { type CrewMember, crewOf } from './crew.ts';
import { accuracyOfClients, accuracyOn } from './measure.ts';
import { layersOf, SharedBlobs } from './shared-layers.ts';
import type { Counted, Done, Setting } from './worker/messages.ts';
import type { DevicePool } from './worker/pool.ts';

/** What is told of a committed round. */
export interface RoundRow {
  readonly round: number;
  /** On samples that nobody trains on; null in rounds without an evaluation. */
  readonly test: Counted | null;
  readonly validation: Counted | null;
  /** Seconds of a typical device: for probes, for training, and for training had all layers been trained. */
  readonly compute: Compute;
  /** Virtual seconds since the run began. */
  readonly seconds: number;
  /** Layers by client. */
  readonly masks: Readonly<Record<string, readonly string[]>>;
  /** Clients whose update counts. */
  readonly trained: readonly string[];
  /** As they were probed, by client; absent without a probe. */
  readonly scores?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** What each client has spent of what is promised of its samples; absent in other runs. */
  readonly epsilon?: Readonly<Record<string, number>>;
  /** Sha-256 of every layer after it. */
  readonly hashes: Readonly<Record<string, string>>;
  /** As the dashboard has it, in virtual time; null of a buffered run, which has no rounds. */
  readonly summary: RoundSummary | null;
  /** Of a buffered run, since the version before. */
  readonly buffer?: BufferRow;
}

/** What is told of a version of a buffered run, beside what every row has. */
export interface BufferRow {
  /** Bytes: what clients sent, fetched, and would have if all layers were trained. */
  readonly traffic: {
    readonly up: number;
    readonly down: number;
    readonly upIfFull: number;
    readonly downIfFull: number;
  };
  /** Updates that were too old. */
  readonly dropped: number;
  /** Mean of tau over the layers of all updates in it. */
  readonly staleness: number;
  /** Version that each update was trained from, in the order of `trained`. */
  readonly versions: readonly number[];
}

export interface Compute {
  readonly probe: number;
  readonly train: number;
  readonly full: number;
}

/** All that a simulated run needs to go on after a kill: as it was right after a round. */
export interface SavedPlay {
  readonly run: KeptRun;
  readonly told: number;
  /** Rounds in which clients went, by client. */
  readonly gone: ReadonlyMap<string, number>;
  /** What clients have spent of what is promised of their samples, by client; absent in runs of before. */
  readonly spending?: ReadonlyMap<string, readonly SpentSteps[]>;
}

export interface PlayOptions {
  readonly plan: Plan;
  readonly setting: Setting;
  readonly start: readonly NamedTensor[];
  readonly pool: DevicePool;
  /** Where it was; null from the start. */
  readonly saved: SavedPlay | null;
  /** Tells a committed round; `saved` shares memory with the run until this returns, and is null where it cannot go on. */
  readonly onRound: (row: RoundRow, saved: SavedPlay | null) => Promise<void>;
}

export type PlayEnd =
  /** `clients`: how the model does on what each of them holds out. */
  | { readonly kind: 'finished'; readonly clients: readonly Counted[] }
  | { readonly kind: 'diverged'; readonly reason: string };

/** Rounds in a row that may be abandoned before a run is given up. */
const patience = 5;

interface Pending {
  readonly key: string;
  readonly work: ModelWork;
  /** Virtual milliseconds. */
  readonly due: number;
  readonly answer: Promise<Done | null>;
}

/**
 * One run of the simulation: the product's rounds in memory, on virtual time, with the product's clients in the threads
 * of the pool. Answers arrive in the order of their virtual times, and of ids where those are the same: so that neither
 * the number of threads nor their speed changes anything.
 */
export async function play(options: PlayOptions): Promise<PlayEnd> {
  const { plan, setting, pool, saved, onRound } = options;
  const { config, data } = setting;
  const crew = crewOf(plan, setting);
  const run = saved === null ? await begun(options, crew) : await MemoryRun.resume(saved.run);
  const blobs = new SharedBlobs((sha256) => run.book.read(sha256));
  const pending = new Map<string, Pending>();
  const gone = new Map(saved?.gone);
  const spending = new Map(saved?.spending);
  let told = saved?.told ?? 0;
  let spent = nothing;

  const begin = (id: string, work: ModelWork, key: string): Pending => {
    const { index, device } = crew.get(id)!;
    const drops = work.kind === 'train' && device.drops(work.round);
    const wanted = () => pending.get(id)?.key === key;
    // Times are the virtual device's.
    const asked = work.kind === 'probe' ? { ...work, times: false } : work;
    const layers = blobs.of(work.checkpoint.layers);
    const answer = drops
      ? Promise.resolve(null)
      : pool.do({ kind: 'work', client: index, work: asked, spent: spending.get(id) ?? [], layers }, wanted);
    answer.catch(() => {}); // awaited when it is due
    return { key, work, due: run.clock.now + (1000 * device.cost(work)) / device.speed, answer };
  };

  const deliver = async (id: string, { work, answer }: Pending) => {
    const { device } = crew.get(id)!;
    const done = await answer;
    pending.delete(id);
    switch (done?.kind) {
      case 'probe': {
        const times = work.kind === 'probe' && work.times ? { times: device.times, steps: device.steps } : {};
        spent = { ...spent, probe: spent.probe + device.cost(work) };
        return run.probed(id, { ...done.message, ...times });
      }
      case 'update':
        spending.set(id, done.spent);
        spent = { ...spent, train: spent.train + device.cost(work), full: spent.full + device.fullCost };
        await run.update(id, work.round, done.update);
        return;
      case 'counted':
        return run.evaluated(id, { round: work.round, ...done.counted });
      case 'ready':
        throw new Error(`${id} answered ${work.kind} by ${done.kind}.`);
      case 'failed':
      case undefined:
        gone.set(id, work.round);
        return run.leave(id);
      default:
        return done satisfies never;
    }
  };

  const tell = async (round: number) => {
    const { book } = run;
    const { every, last } = plan.evaluate;
    const due = round % every === 0 || round > config.rounds - last;
    const checkpoint = book.checkpoint(round);
    const layers = blobs.of(checkpoint.layers);
    const on = (side: 'test' | 'validation') => (due ? accuracyOn(pool, side, data[side], layers) : null);
    const [test, validation] = await Promise.all([on('test'), on('validation')]);
    const cohort = book.cohort(round);
    const closed = book.round(round);
    const scores = cohort.flatMap(({ client, scores }) => (scores ? [[client, scores] as const] : []));
    const row: RoundRow = {
      round,
      test,
      validation,
      compute: spent,
      seconds: ((closed.closedAt?.getTime() ?? 0) - (book.rounds.get(1)?.openedAt.getTime() ?? 0)) / 1000,
      masks: Object.fromEntries(cohort.map(({ client, mask }) => [client, mask ?? []])),
      trained: cohort.filter(({ update }) => update !== null).map(({ client }) => client),
      ...(scores.length > 0 ? { scores: Object.fromEntries(scores) } : {}),
      ...(config.privacy.kind === 'sample'
        ? {
            epsilon: Object.fromEntries(
              cohort.flatMap(({ client, claimedEpsilon: e }) => (e === null ? [] : [[client, e] as const])),
            ),
          }
        : {}),
      hashes: Object.fromEntries(
        Object.entries(checkpoint.layers).map(([name, { sha256 }]) => [name, sha256]),
      ),
      summary: summarize(config, closed, cohort, run.clock.now),
    };
    spent = nothing;
    told = round;
    book.tidy();
    blobs.keep(checkpoint.layers);
    await onRound(row, { run: run.kept, told, gone, spending });
  };

  for (;;) {
    const { book } = run;
    const committed = book.committed.at(-1)?.round ?? 0;
    if (committed > told) await tell(committed);
    if (book.run.state !== 'running') break;
    const { openRound } = book;
    for (const [id, round] of gone) {
      if (openRound?.round === round) continue;
      gone.delete(id);
      await run.hello(id, crew.get(id)!.hello);
    }
    const reason = givenUp(run);
    if (reason !== null) return { kind: 'diverged', reason };
    const cohort = openRound ? book.cohort(openRound.round) : [];
    // Who was late for a round and is not in the next one has nothing to do any more.
    const members = new Set(cohort.map(({ client }) => client));
    for (const id of pending.keys()) if (!members.has(id)) pending.delete(id);
    for (const { client: id } of cohort) {
      const work = run.work(id);
      const key = isModelWork(work) ? workKey(work) : null;
      if (!isModelWork(work) || key === null) pending.delete(id);
      else if (pending.get(id)?.key !== key) pending.set(id, begin(id, work, key));
    }
    const [next] = [...pending].sort(([a, p], [b, q]) => p.due - q.due || (a < b ? -1 : 1));
    const until = next?.[1].due ?? run.clock.next;
    if (until === null) throw new Error('The simulated run waits for nobody.');
    if (until > run.clock.now) await run.advance((until - run.clock.now) / 1000);
    else if (next !== undefined) await deliver(...next);
    else await run.advance(0.001);
  }
  const layers = blobs.of(run.book.checkpoint(told).layers);
  return { kind: 'finished', clients: await accuracyOfClients(pool, crew.size, layers) };
}

const nothing: Compute = { probe: 0, train: 0, full: 0 };

/** Why the run is given up; null while it is not. */
function givenUp({ book }: MemoryRun): string | null {
  const closed = [...book.rounds.values()].filter((r) => r.phase === 'committed' || r.phase === 'abandoned');
  const newest = closed.slice(-patience);
  if (newest.length < patience || newest.some((r) => r.phase === 'committed')) return null;
  return `${patience} rounds in a row were abandoned: ${newest.at(-1)?.reason}`;
}

async function begun(
  { setting, start }: PlayOptions,
  crew: ReadonlyMap<string, CrewMember>,
): Promise<MemoryRun> {
  const { config } = setting;
  const run = await MemoryRun.create({ config, initial: layersOf(config, start) });
  for (const [id, { hello }] of crew) await run.hello(id, hello);
  await run.command('start');
  return run;
}
