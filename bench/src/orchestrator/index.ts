import { setTimeout as sleep } from 'node:timers/promises';
import { samples } from '@strata/fl-core/data/samples';
import { RunConfig, type RunConfigInput, type RunView, StrataError } from '@strata/fl-core/protocol';
import { OperatorApi } from '@strata/harness';
import type { BenchContext, Benchmark, Options } from '../benchmark.ts';
import { rowsOfChild } from '../child-process.ts';
import type { CrowdTask, Joined, Played, Sent } from './crowd-child.ts';
import { Nodes, sum } from './nodes.ts';
import { Gate, Participant } from './participant.ts';

/**
 * The server under load: a process of its own as users get it, participants in another that speak by the product's
 * client code, beside what the machine can do at most. Linux only, for the memory.
 */
export const orchestrator: Benchmark<OrchestratorOptions> = {
  title: 'The server: rounds and cohorts beside the limit of the machine, sockets, memory.',
  options: {
    // 'all', or some of the names, with commas.
    rows: 'all',
    // An empty database of PostgreSQL instead of the embedded one.
    database: '',
    // Servers that share it; participants are dealt out to them.
    nodes: 1,
    quick: false,
  },
  run,
};

interface OrchestratorOptions extends Options {
  readonly rows: string;
  readonly database: string;
  readonly nodes: number;
  readonly quick: boolean;
}

interface OrchestratorRow {
  readonly what: 'round' | 'sockets' | 'idle';
  readonly name: string;
  readonly nodes: number;
  readonly clients: number;
  /** Of one client's update, in MB (1e6 bytes). */
  readonly megabytesEach: number;
  /** Of the fastest round but the first, in which new participants fetch the whole model. */
  readonly seconds: { training: number; aggregating: number; evaluating: number } | null;
  /** From training's beginning to the commit, of every round in order. */
  readonly roundSeconds: readonly number[];
  /** The servers' processor time of a round, all threads together; steadier than the clock on a busy machine. */
  readonly processorSeconds: number | null;
  readonly commitAfterLastUploadSeconds: number | null;
  /** What a bare server takes for the same uploads. */
  readonly limitSeconds: number | null;
  /** Most of each server's memory during the measurement, and what it held before it. */
  readonly peakMegabytes: readonly number[];
  readonly startMegabytes: readonly number[];
  /** What a participant of another run waits for its work, in 99 of 100 questions, asked ten times a second. */
  readonly p99ControlMs: number | null;
  /** Memory of the server that a connected participant takes. */
  readonly kilobytesEach: number | null;
  readonly joinedASecond: number | null;
  /** The server's processor time of one that joins, all threads together, in milliseconds. */
  readonly joinProcessorMs: number | null;
  /** Updates that were counted in every round but the first. */
  readonly counted: number | null;
}

interface Load {
  readonly name: string;
  readonly clients: number;
  readonly rounds: number;
  readonly downloads: boolean;
  readonly config: Pick<RunConfigInput, 'model' | 'strategy' | 'budget'>;
}

const top = (amount: number): Load['config'] => ({
  model: 'deit-tiny',
  strategy: { name: 'top' },
  budget: { kind: 'fixed', unit: 'layers', amount },
});

const loads: readonly Load[] = [
  {
    name: 'full',
    clients: 16,
    rounds: 6,
    downloads: true,
    config: { model: 'deit-tiny', strategy: { name: 'full' } },
  },
  {
    name: 'selective',
    clients: 16,
    rounds: 6,
    downloads: true,
    config: { ...top(2), strategy: { name: 'strata', lambda: 1 } },
  },
  { name: 'cohort-100', clients: 100, rounds: 4, downloads: false, config: top(3) },
  { name: 'cohort-300', clients: 300, rounds: 3, downloads: false, config: top(3) },
  { name: 'cohort-1000', clients: 1000, rounds: 2, downloads: false, config: top(3) },
];
const quickLoads: readonly Load[] = [
  {
    name: 'full',
    clients: 4,
    rounds: 2,
    downloads: true,
    config: { model: 'vit-nano', strategy: { name: 'full' } },
  },
];

/** Participants of one run, at most; see the server's limits. */
const seatsOfRun = 1000;
/** How long a server is left alone before its memory is read, in milliseconds. */
const restMs = 5000;

async function* run({ options, log }: BenchContext<OrchestratorOptions>): AsyncIterable<OrchestratorRow> {
  const { rows, database, quick, nodes: count } = options;
  const wanted = (name: string): boolean => rows === 'all' || rows.split(',').includes(name);
  const chosen = (quick ? quickLoads : loads).filter(({ name }) => wanted(name));
  const others = ['idle', 'sockets'].filter(wanted);
  if (chosen.length + others.length === 0) {
    const names = [...(quick ? quickLoads : loads).map(({ name }) => name), 'idle', 'sockets'];
    throw new StrataError('bad-config', `There are no rows ${rows}.`, `Choose from ${names.join(', ')}.`);
  }
  const rest = quick ? 100 : restMs;

  const nodes = await Nodes.start({ count, database });
  try {
    await sleep(rest);
    if (wanted('idle')) yield await idleRow('first start', nodes);
    // Everything else is measured on a server that was started again: the first start's peak is a row of its own.
    await nodes.restart();
    await sleep(rest);
    if (wanted('idle')) yield await idleRow('later start', nodes);
    const api = new OperatorApi(nodes.first.url, nodes.first.token);
    for (const load of chosen) {
      log(`${load.clients} participants, ${load.name}`);
      yield await roundRow(load, nodes, api);
      await sleep(rest);
    }
    if (wanted('sockets')) yield await socketsRow(quick ? 30 : 3000, nodes, api, rest);
  } finally {
    await nodes.dispose();
  }
}

async function idleRow(name: string, nodes: Nodes): Promise<OrchestratorRow> {
  return {
    ...nothing,
    what: 'idle',
    name,
    nodes: nodes.servers.length,
    peakMegabytes: await nodes.peak(),
    startMegabytes: await nodes.now(),
  };
}

const nothing = {
  clients: 0,
  megabytesEach: 0,
  seconds: null,
  roundSeconds: [],
  processorSeconds: null,
  commitAfterLastUploadSeconds: null,
  limitSeconds: null,
  p99ControlMs: null,
  kilobytesEach: null,
  joinedASecond: null,
  joinProcessorMs: null,
  counted: null,
} as const;

const configOf = ({ config, clients, rounds, name }: Load): RunConfigInput => ({
  name: `Bench ${name}`,
  initial: 'random',
  purpose: { kind: 'test' },
  data: { kind: 'image', sample: 'emoji' },
  labels: [...samples.emoji.labels],
  ...config,
  rounds,
  cohort: { goal: clients, minimum: clients, quorum: 1 },
});

async function roundRow(load: Load, nodes: Nodes, api: OperatorApi): Promise<OrchestratorRow> {
  const input = configOf(load);
  const { clients, downloads } = load;
  const { id, joinKey: key } = await api.createRun(input);
  const startMegabytes = await nodes.now();
  await nodes.forget();
  // In a run of its own: of a thousand seats none is left.
  const beside = await api.createRun(input);
  const observers = new Observers(nodes.urls, beside);
  const joining = await nodes.processorSeconds();
  const crowd = crowdOf<Joined | Played>({
    what: 'rounds',
    servers: nodes.urls,
    run: id,
    key,
    config: RunConfig.parse(input),
    participants: clients,
    downloads,
  });
  const { joinSeconds } = await next(crowd, 'joinSeconds');
  const joinProcessorMs = (1000 * ((await nodes.processorSeconds()) - joining)) / clients;
  await observers.begin();
  const before = await nodes.processorSeconds();
  await api.command(id, 'start');
  const { lastUploads, bytes } = await next(crowd, 'lastUploads');
  const p99ControlMs = observers.end();
  const processorSeconds = ((await nodes.processorSeconds()) - before) / load.rounds;
  const peakMegabytes = await nodes.peak();
  const { rounds: played } = await api.run(id);

  const done = played.map((round, i) => {
    const { training, aggregating, evaluating } = round.seconds;
    return {
      seconds: { training, aggregating, evaluating },
      total: training + aggregating + evaluating,
      afterUpload: ((round.closedAt ?? Number.NaN) - (lastUploads[i] ?? Number.NaN)) / 1000,
      updates: round.updates,
    };
  });
  const later = done.slice(done.length > 1 ? 1 : 0);
  const best = later.reduce((a, b) => (b.total < a.total ? b : a));
  const size = bytes.at(-1) ?? 0;
  return {
    what: 'round',
    name: load.name,
    nodes: nodes.servers.length,
    clients,
    megabytesEach: size / 1e6,
    seconds: best.seconds,
    roundSeconds: done.map((d) => d.total),
    processorSeconds,
    commitAfterLastUploadSeconds: Math.min(...later.map((d) => d.afterUpload)),
    limitSeconds: await limit(clients, size),
    peakMegabytes,
    startMegabytes,
    p99ControlMs,
    kilobytesEach: null,
    joinedASecond: clients / joinSeconds,
    joinProcessorMs,
    counted: Math.min(...later.map((d) => d.updates)),
  };
}

async function socketsRow(
  clients: number,
  nodes: Nodes,
  api: OperatorApi,
  rest: number,
): Promise<OrchestratorRow> {
  const load: Load = { name: 'sockets', clients: 1, rounds: 1, downloads: false, config: top(3) };
  const input: RunConfigInput = { ...configOf(load), model: 'vit-nano' };
  const runs: { run: string; key: string }[] = [];
  for (let i = 0; i < Math.ceil(clients / seatsOfRun); i++) {
    const { id: run, joinKey: key } = await api.createRun(input);
    runs.push({ run, key });
  }
  const config = RunConfig.parse(input);
  const observers = new Observers(nodes.urls, await api.createRun(input));
  await observers.begin();
  await sleep(rest);
  const startMegabytes = await nodes.now();
  await nodes.forget();
  const joining = await nodes.processorSeconds();
  const crowd = crowdOf<Joined>({ what: 'seats', servers: nodes.urls, runs, config, participants: clients });
  try {
    const { joinSeconds } = await next(crowd, 'joinSeconds');
    const joinProcessorMs = (1000 * ((await nodes.processorSeconds()) - joining)) / clients;
    await sleep(rest);
    const held = await nodes.now();
    return {
      ...nothing,
      what: 'sockets',
      name: 'sockets',
      nodes: nodes.servers.length,
      clients,
      startMegabytes,
      peakMegabytes: await nodes.peak(),
      p99ControlMs: observers.end(),
      kilobytesEach: ((sum(held) - sum(startMegabytes)) * 1000) / clients,
      joinedASecond: clients / joinSeconds,
      joinProcessorMs,
    };
  } finally {
    await crowd.return();
  }
}

/** Seconds that a bare server takes for as many updates of that size: the fastest of three. */
async function limit(participants: number, bytes: number): Promise<number> {
  const bare = rowsOfChild<{ port: number }>('limit-child', {});
  try {
    const { port } = await next(bare, 'port');
    const seconds: number[] = [];
    for (let i = 0; i < 3; i++) {
      const task = { what: 'uploads', server: `http://127.0.0.1:${port}`, participants, bytes } as const;
      for await (const sent of crowdOf<Sent>(task)) seconds.push(sent.seconds);
    }
    return Math.min(...seconds);
  } finally {
    await bare.return();
  }
}

const crowdOf = <R extends object>(task: CrowdTask) => rowsOfChild<R>('crowd-child', task);

/** The next row of a child, which has to be the one with `key`. */
async function next<R extends object, K extends string>(
  rows: AsyncGenerator<R, void, void>,
  key: K,
): Promise<Extract<R, Record<K, unknown>>> {
  const { value } = await rows.next();
  if (value && has(value, key)) return value;
  throw new StrataError('internal', `A child of the benchmark said no ${key}.`, 'Run it again.');
}

const has = <R extends object, K extends string>(row: R, key: K): row is Extract<R, Record<K, unknown>> =>
  key in row;

/** How many ask in turn: one that asked so often would be told to ask less. */
const observerCount = 40;

/** Participants who have paused and ask for their work, ten questions a second between them. */
class Observers {
  readonly #participants: readonly Participant[];
  readonly #answers: number[] = [];
  #asked = 0;
  #asking: NodeJS.Timeout | undefined;

  constructor(
    servers: readonly string[],
    { id: run, joinKey: key, config }: Pick<RunView, 'id' | 'joinKey' | 'config'>,
  ) {
    const crowd = {
      servers,
      run,
      key,
      config,
      downloads: false,
      gate: new Gate(1),
      uploaded: () => {},
      failed: () => {},
    };
    this.#participants = Array.from({ length: observerCount }, (_, i) => new Participant(crowd, i));
  }

  async begin(): Promise<void> {
    for (const participant of this.#participants) {
      await participant.join();
      await participant.pause();
    }
    this.#asking = setInterval(() => {
      this.#participants[this.#asked++ % observerCount]?.question().then(
        (ms) => this.#answers.push(ms),
        () => {}, // the run is over, and so is the connection
      );
    }, 100);
  }

  /** Milliseconds that 99 of 100 answers took at most. */
  end(): number | null {
    clearInterval(this.#asking);
    for (const participant of this.#participants) participant.leave();
    const sorted = this.#answers.sort((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil(0.99 * sorted.length) - 1)] ?? null;
  }
}
