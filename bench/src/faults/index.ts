import { setTimeout as sleep } from 'node:timers/promises';
import { Caller } from '@strata/client';
import { samples } from '@strata/fl-core/data/samples';
import {
  type Checkpoint,
  type ModelWork,
  RunConfig,
  type RunConfigInput,
  routes,
  StrataError,
} from '@strata/fl-core/protocol';
import { OperatorApi, ServerProcess } from '@strata/harness';
import type { BenchContext, Benchmark, Options } from '../benchmark.ts';
import { Member } from './member.ts';
import { isAfter, type Kill, type Moment, phaseAt, planKills } from './plan.ts';

/**
 * A run whose server is killed again and again, at moments that follow from a seed: it ends with the bytes of one that was
 * left alone, or this fails.
 */
export const faults: Benchmark<FaultsOptions> = {
  title: 'A run whose server is killed: the same bytes, and how soon it is back.',
  options: {
    kills: 100,
    rounds: 20,
    seed: 1,
    // An empty database of PostgreSQL instead of the embedded one.
    database: '',
  },
  run,
};

interface FaultsOptions extends Options {
  readonly kills: number;
  readonly rounds: number;
  readonly seed: number;
  readonly database: string;
}

interface FaultsRow {
  readonly database: 'embedded' | 'PostgreSQL';
  readonly kills: number;
  readonly rounds: number;
  readonly seed: number;
  readonly sameBytes: boolean;
  /** Of the disturbed run. */
  readonly committed: number;
  readonly abandoned: number;
  /** Of the rounds that were committed, the fewest. */
  readonly updates: number;
  /** From the start of a process until it says that it is ready. */
  readonly backSeconds: { readonly median: number; readonly p95: number; readonly most: number };
  /** Processes that took longer than five. */
  readonly over5: number;
  /** Kills by the moment at which they came. */
  readonly moments: Readonly<Partial<Record<Moment, number>>>;
  /** Of the run that was left alone, and of the other one. */
  readonly seconds: { readonly alone: number; readonly disturbed: number };
}

const ids = ['c1', 'c2', 'c3'];
/** It answers last. */
const last = 'c3';

const configOf = ({ rounds, seed }: FaultsOptions): RunConfigInput => ({
  name: 'Faults',
  model: 'vit-nano',
  initial: 'random',
  purpose: { kind: 'test', sampling: seed },
  data: { kind: 'image', sample: 'emoji' },
  labels: [...samples.emoji.labels],
  strategy: { name: 'strata', lambda: 1 },
  // What it keeps must come back, too.
  aggregation: { optimizer: { name: 'fedadam' } },
  rounds,
  cohort: { goal: ids.length, minimum: ids.length, quorum: 1 },
  deadlines: { probing: 3600, training: 3600, evaluating: 3600 },
  seed,
});

async function* run({ options, log }: BenchContext<FaultsOptions>): AsyncIterable<FaultsRow> {
  const { kills, rounds, seed, database } = options;
  if (![kills, rounds, seed].every(Number.isInteger) || kills < 0 || rounds < 1)
    throw new StrataError('bad-config', 'Kills, rounds and the seed are whole numbers.', 'Name others.');
  const env = { DATABASE_URL: database, CLIENT_GRACE_SECONDS: '3600' };
  const server = await ServerProcess.start({ env });
  try {
    const input = configOf(options);
    const alone = await play(server, input, [], log);
    const disturbed = await play(server, input, planKills(kills, rounds, seed), log);
    const sorted = disturbed.back.toSorted((a, b) => a - b);
    const quantile = (q: number) => sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0;
    const sameBytes = JSON.stringify(alone.checkpoint) === JSON.stringify(disturbed.checkpoint);
    yield {
      database: database === '' ? 'embedded' : 'PostgreSQL',
      ...{ kills: disturbed.back.length, rounds, seed, sameBytes },
      ...{ committed: disturbed.committed, abandoned: disturbed.abandoned, updates: disturbed.updates },
      backSeconds: { median: quantile(0.5), p95: quantile(0.95), most: quantile(1) },
      over5: sorted.filter((seconds) => seconds > 5).length,
      moments: disturbed.moments,
      seconds: { alone: alone.seconds, disturbed: disturbed.seconds },
    };
    if (!sameBytes || disturbed.back.length < kills)
      throw new StrataError(
        'internal',
        sameBytes
          ? `The run was over after ${disturbed.back.length} of ${kills} kills.`
          : 'The run that was disturbed ended with another model.',
        `Play it again: --seed ${seed} --kills ${kills} --rounds ${rounds}.`,
      );
  } finally {
    await server.dispose();
  }
}

interface Played {
  readonly checkpoint: Checkpoint;
  readonly committed: number;
  readonly abandoned: number;
  readonly updates: number;
  readonly seconds: number;
  /** Seconds after each kill. */
  readonly back: readonly number[];
  readonly moments: Partial<Record<Moment, number>>;
}

/** A run from its creation to its end, with the kills that were planned. */
async function play(
  server: ServerProcess,
  input: RunConfigInput,
  kills: readonly Kill[],
  log: (line: string) => void,
): Promise<Played> {
  const api = new OperatorApi(server.url, server.token);
  const { id, joinKey: key } = await api.createRun(input);
  const back: number[] = [];
  const counts: Partial<Record<Moment, number>> = {};
  const waiting = [...kills];
  /** One after the other: who restarts the server is not killed by another one. */
  let killing = Promise.resolve();
  const strike = (work: ModelWork, after: boolean): Promise<void> => {
    const due = waiting.filter((k) => isNow(k, work, after));
    for (const kill of due) waiting.splice(waiting.indexOf(kill), 1);
    killing = killing.then(async () => {
      for (const kill of due) {
        await sleep(kill.delayMs);
        back.push(await killOnce(server));
        counts[kill.moment] = (counts[kill.moment] ?? 0) + 1;
        log(
          `kill ${back.length} of ${kills.length}: round ${kill.round}, ${kill.moment}; back after ${back.at(-1)?.toFixed(2)} s`,
        );
      }
    });
    return killing;
  };
  const start = performance.now();
  let fail: (error: unknown) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {}); // raced below
  const members = ids.map(
    (name) =>
      new Member({
        ...{ server: server.url, run: id, key, config: RunConfig.parse(input), id: name },
        before: (work) => (name === last ? strike(work, false) : Promise.resolve()),
        after: (work) => {
          if (name === last) strike(work, true).catch(fail);
        },
        failed: fail,
      }),
  );
  try {
    await Promise.race([Promise.all(members.map((m) => m.join())), failed]);
    await api.command(id, 'start');
    await Promise.race([Promise.all(members.map((m) => m.over)), failed]);
    await killing;
    const { checkpoint, rounds: played, committed } = await api.run(id);
    return {
      checkpoint,
      committed,
      abandoned: played.filter((r) => r.phase === 'abandoned').length,
      updates: Math.min(...played.filter((r) => r.phase === 'committed').map((r) => r.updates)),
      seconds: (performance.now() - start) / 1000,
      back,
      moments: counts,
    };
  } finally {
    for (const member of members) member.close();
  }
}

const isNow = (kill: Kill, work: ModelWork, after: boolean): boolean =>
  kill.round === work.round && phaseAt(kill.moment) === work.kind && isAfter(kill.moment) === after;

/** Kills the server and starts it again; seconds from the start of the new process until it is ready. */
async function killOnce(server: ServerProcess): Promise<number> {
  await server.kill();
  const start = performance.now();
  const caller = new Caller({ server: server.url });
  let seconds: number | null = null;
  const watching = (async () => {
    while (seconds === null) {
      const { ready } = await caller.call(routes.ready, {}).catch(() => ({ ready: false }));
      if (ready) seconds = (performance.now() - start) / 1000;
      else await sleep(25);
    }
    return seconds;
  })();
  await server.restart();
  return watching;
}
