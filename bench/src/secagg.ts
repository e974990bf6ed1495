import {
  type Exchange,
  type Grid,
  gridFor,
  inboxOf,
  meanOf,
  mostWeight,
  type Ready,
  type Released,
  rosterOf,
  type Shared,
  toWords,
  unmask,
} from '@strata/fl-core/sealing';
import {
  accept,
  addMask,
  clientName,
  deviceRandomness,
  Journal,
  mask,
  maskSeed,
  type Opened,
  type OwnKeys,
  openInbox,
  ownOf,
  prepare,
  release,
  type Sharing,
  share,
  signOf,
  someIdentity,
} from '@strata/fl-core/sealing/testing';
import { type BenchContext, type Benchmark, fastest } from './benchmark.ts';

/** A sealed round of clients that all trained the same two blocks: what it adds to one that is not sealed. */
export const secagg: Benchmark = {
  title: 'Sealed sums of two DeiT-tiny blocks and a head: what a client and the server compute.',
  options: { most: 1000, measured: 4, lost: 0.05 },
  run,
};

/** Values of two blocks of DeiT-tiny and of a head for ten classes. */
const layers: Readonly<Record<string, number>> = { 'blocks.10': 444_864, 'blocks.11': 444_864, head: 1_930 };

interface SecaggRow {
  readonly n: number;
  /** What a client sends and receives of the exchange: masked words, and all messages as JSON. */
  readonly megabytesEach: number;
  readonly degree: number;
  readonly threshold: number;
  /** Rounding, keys, shares, masks and what is given back, of one client alone on a core. */
  readonly clientMs: number;
  /** Checking who takes part and opening the sums, on one core. */
  readonly serverMs: number;
  /** Copying the words of all who are left. */
  readonly memcpyMs: number;
  /** Clients work beside each other, the server after them; without the network. */
  readonly addedRoundSeconds: number;
}

async function* run({ options, log }: BenchContext): AsyncIterable<SecaggRow> {
  const { most = 0, measured = 1, lost = 0 } = options;
  for (const n of [16, 64, 256, 1000].filter((count) => count <= most)) {
    yield await measure(n, Math.min(n, measured), Math.ceil(lost * n), log);
  }
}

/**
 * All clients draw keys and share their secrets, and all who are left give shares back, by the product's own code. Only
 * `measured` of them are timed and add all their masks: of the others, masks that two of them have in common and that
 * cancel in the sum bit for bit are left out, so that 1000 clients do not take an hour. The server does all it has to.
 */
async function measure(
  n: number,
  measured: number,
  lost: number,
  log: (line: string) => void,
): Promise<SecaggRow> {
  const clients = Array.from({ length: n }, (_, i) => clientName(i));
  const survivors = clients.slice(lost);
  const timed = new Set(clients.slice(-measured));
  const clock = new Stopwatch();
  const of = (client: string) => (timed.has(client) ? 'client' : 'untimed');

  const exchange: Exchange = { ...nobodys, vectors: layers };
  const own = new Map<string, { keys: OwnKeys; ready: Ready }>();
  for (const client of clients) {
    const facts = ownOf(exchange, client, await someIdentity());
    own.set(client, await clock.run(of(client), () => prepare(facts, Object.keys(layers))));
  }
  const ready = [...own.values()].map((o) => o.ready);
  const plan = await clock.run('server', () => rosterOf(exchange, ready));

  const sharing = new Map<string, Sharing>();
  for (const client of clients) {
    const facts = ownOf(exchange, client, await someIdentity());
    const { keys, ready: word } = own.get(client)!;
    if (timed.has(client)) await clock.run('client', () => accept(facts, word, plan.roster));
    sharing.set(client, await clock.run(of(client), () => share(facts, keys, plan)));
  }
  const shared: ReadonlyMap<string, Shared> = new Map([...sharing].map(([c, { message }]) => [c, message]));
  log(`${n} clients have shared their secrets`);

  const grid = gridFor(n, mostWeight, 0.1);
  const words = rounded(grid);
  const participation = plan.among(clients);
  const masked = new Map<string, ReadonlyMap<string, Int32Array>>();
  const opened = new Map<string, Opened>();
  for (const client of clients) {
    const { keys } = own.get(client)!;
    const inbox = inboxOf(plan, shared, client);
    opened.set(
      client,
      await clock.run(of(client), () => openInbox(client, keys, sharing.get(client)!, inbox)),
    );
    if (!timed.has(client)) continue;
    await clock.run('client', () => rounded(grid));
    const masking = () => mask(client, keys, sharing.get(client)!, participation, words);
    masked.set(client, await clock.run('client', masking));
  }
  const released: Released[] = [];
  for (const client of survivors) {
    const giving = () => release(client, opened.get(client)!, { survivors }, new Journal());
    released.push(await clock.run(of(client), giving));
  }
  log(`${survivors.length} are left and have given shares back`);

  /** The masked words of a client, but for masks that cancel. */
  const sent = async (client: string, vector: string): Promise<Int32Array> => {
    const whole = masked.get(client)?.get(vector);
    if (whole !== undefined) return whole;
    const partly = Int32Array.from(words.get(vector)!);
    await addMask(partly, sharing.get(client)!.seeds.get(vector)!, 1);
    for (const other of participation.maskedWith(vector, client)) {
      if (survivors.includes(other) && !timed.has(other)) continue;
      const agreed = await own.get(client)!.keys.masks.agree(plan.member(other).keys.masks);
      await addMask(partly, maskSeed(agreed, plan.context, vector), signOf(client, other));
    }
    return partly;
  };
  // What is sent lies on the disk; that it is made here and now is no work of the server's.
  const read = (client: string, vector: string) => clock.run('read', () => sent(client, vector));
  const sums = await clock.run('server', () => unmask({ participation, survivors, shared, released, read }));
  for (const [vector, sum] of sums) {
    if (sum.kind === 'closed') throw new Error(`${vector} is closed.`);
    const mean = meanOf(sum.words, mostWeight * survivors.length, grid);
    const each = meanOf(words.get(vector)!, mostWeight, grid);
    const worst = mean.reduce((most, value, i) => Math.max(most, Math.abs(value - each[i]!)), 0);
    if (worst > 1e-7) throw new Error(`${vector} differs from the plain mean by ${worst}.`);
  }

  const clientMs = clock.of('client').wall / measured;
  const serverMs = clock.of('server').wall - clock.of('read').wall;
  // On a machine with others at work this says more than the time that passed.
  const cpu = {
    client: clock.of('client').cpu / measured,
    server: clock.of('server').cpu - clock.of('read').cpu,
  };
  log(`of processor: ${cpu.client.toFixed(0)} ms a client, ${cpu.server.toFixed(0)} ms the server`);
  const one = survivors.at(-1)!;
  const messages = [
    own.get(one)!.ready,
    plan.roster,
    shared.get(one),
    inboxOf(plan, shared, one),
    released.at(-1),
  ];
  const bytes = messages.reduce((sum, message) => sum + JSON.stringify(message).length, 0) + bytesOf(words);
  return {
    n,
    megabytesEach: bytes / 1e6,
    ...plan.sharing,
    clientMs,
    serverMs,
    memcpyMs: await copying(words, survivors.length),
    addedRoundSeconds: (clientMs + serverMs) / 1000,
  };
}

const nobodys = {
  run: 'bench',
  round: 1,
  part: 'update',
  checkpoint: '00'.repeat(32),
  config: '00'.repeat(32),
  terms: '00'.repeat(32),
  atLeast: 5,
} as const;

/** The same change for everybody, as words. */
const rounded = (grid: Grid): ReadonlyMap<string, Int32Array> =>
  new Map(
    Object.entries(layers).map(([name, length]) => {
      const values = Float32Array.from({ length }, (_, i) => 0.05 * Math.sin(i));
      return [name, toWords(values, mostWeight, grid, deviceRandomness).words] as const;
    }),
  );

const bytesOf = (words: ReadonlyMap<string, Int32Array>): number =>
  [...words.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);

/** Milliseconds to copy the words of so many clients; of eight of them in turn, more than the caches hold. */
function copying(words: ReadonlyMap<string, Int32Array>, count: number): Promise<number> {
  const length = bytesOf(words) / 4;
  const sources = Array.from({ length: 8 }, (_, k) => new Int32Array(length).fill(k));
  const target = new Int32Array(length);
  return fastest(3, () => {
    for (let i = 0; i < count; i++) target.set(sources[i % sources.length]!);
  });
}

type Timed = 'client' | 'server' | 'read' | 'untimed';

/** Milliseconds by what they were spent on: that passed, and of processor in all threads. */
class Stopwatch {
  readonly #spent = new Map<Timed, { wall: number; cpu: number }>();

  async run<T>(on: Timed, work: () => T | Promise<T>): Promise<T> {
    const start = performance.now();
    const before = process.cpuUsage();
    const result = await work();
    const { user, system } = process.cpuUsage(before);
    const { wall, cpu } = this.of(on);
    this.#spent.set(on, { wall: wall + performance.now() - start, cpu: cpu + (user + system) / 1000 });
    return result;
  }

  of(what: Timed): { readonly wall: number; readonly cpu: number } {
    return this.#spent.get(what) ?? { wall: 0, cpu: 0 };
  }
}
