import { alwaysTrained, layerBytes, selectableLayers } from '@strata/fl-core/models/layouts';
import type { Checkpoint, ModelWork, RunConfig } from '@strata/fl-core/protocol';
import { StrataError } from '@strata/fl-core/protocol';
import { deriveSeed, random } from '@strata/fl-core/random';
import {
  choose,
  type Layers,
  layoutFor,
  meanTau,
  pricesFor,
  tausSince,
  trainedLayers,
} from '@strata/fl-core/rounds';
import { budgetOf } from '@strata/fl-core/selection';
import { crewOf } from '../crew.ts';
import { accuracyOfClients, accuracyOn } from '../measure.ts';
import type { PlayEnd, PlayOptions, RoundRow } from '../play.ts';
import { layersOf, SharedBlobs } from '../shared-layers.ts';
import type { Done } from '../worker/messages.ts';
import { type Arrival, type Blobs, commit, type Version } from './commit.ts';

/** What the plan of a buffered run has. */
type BufferedOptions = PlayOptions & {
  readonly plan: { readonly buffered?: { updates: number; atWork: number; staleness: number } | undefined };
};

interface AtWork {
  readonly mask: readonly string[];
  readonly train: readonly string[];
  readonly since: number;
  readonly cost: number;
  /** Virtual milliseconds. */
  readonly due: number;
  readonly answer: Promise<Done | null>;
}

/**
 * FedBuff (Nguyen et al., arXiv 2106.06639) with the product's clients, layers, rule and virtual time: so many clients
 * are at work at once; whoever is done hands in its update and another one begins from the newest model; every K updates
 * make a version. There are no rounds, no deadlines and no evaluation by clients: a row is a version. An update older
 * than the limit is dropped. A client whose update lies in the buffer begins nothing new before it is committed.
 *
 * Not resumed: a run that was killed is played from its beginning, to the same bytes.
 */
export async function playBuffered(options: BufferedOptions): Promise<PlayEnd> {
  const { plan, setting, start, pool, onRound } = options;
  const { config, data } = setting;
  const { buffered } = plan;
  if (buffered === undefined) throw new Error('This plan has no buffer.');
  const layout = layoutFor(config);
  const size = new Map(layout.layers.map((layer) => [layer.name, layerBytes(layer)]));
  const bytesOf = (names: readonly string[]) => names.reduce((sum, name) => sum + (size.get(name) ?? 0), 0);
  const trainable = bytesOf([...selectableLayers(layout), ...alwaysTrained(layout)]);
  const crew = crewOf(plan, setting);
  const blobs = memoryBlobs();
  const shared = new SharedBlobs((sha256) => blobs.read(sha256));
  const atWork = new Map<string, AtWork>();
  const held = new Map<string, Layers>();
  const heldAll = new Set<string>();
  let model: Version = { round: 0, layers: await written(blobs, layersOf(config, start)), optimizer: null };
  /** Those that somebody may still work on, oldest first. */
  let models: Version[] = [model];
  let buffer: (Arrival & { readonly mask: readonly string[] })[] = [];
  let version = 0;
  let begun = 0;
  let now = 0;
  const nothing = { probe: 0, train: 0, full: 0 };
  const noTraffic = { up: 0, down: 0, upIfFull: 0, downIfFull: 0 };
  let [spent, traffic, dropped] = [nothing, noTraffic, 0];

  const begin = (id: string): void => {
    const { index, hello, device } = crew.get(id)!;
    const ordinal = ++begun;
    const mask = maskOf(config, ordinal, id, hello.samples);
    const checkpoint: Checkpoint = { round: version, layers: model.layers };
    const has = held.get(id);
    const lacks = Object.keys(model.layers).filter(
      (name) => has?.[name]?.sha256 !== model.layers[name]?.sha256,
    );
    const whole = bytesOf(Object.keys(model.layers));
    traffic = {
      ...traffic,
      down: traffic.down + bytesOf(lacks),
      downIfFull: traffic.downIfFull + (heldAll.has(id) ? (lacks.length > 0 ? trainable : 0) : whole),
    };
    held.set(id, model.layers);
    heldAll.add(id);
    const work = {
      kind: 'train',
      round: version + 1,
      remainingMs: 0,
      checkpoint,
      mask: [...mask],
      train: trainedLayers(layout, mask),
      seed: deriveSeed(config.seed, 'buffered', ordinal, 'client', id, 'train'),
      span: [version / config.rounds, (version + 1) / config.rounds],
      method: { kind: 'steps', epochs: config.local.epochs },
      clip: null,
      box: null,
      seal: null,
    } satisfies ModelWork;
    const cost = device.cost(work);
    const answer = device.drops(ordinal)
      ? Promise.resolve(null)
      : pool.do({ kind: 'work', client: index, work, spent: [], layers: shared.of(model.layers) });
    answer.catch(() => {}); // awaited when it is due
    const due = now + (1000 * cost) / device.speed;
    atWork.set(id, { mask, train: work.train, since: version, cost, due, answer });
  };

  const fill = (): void => {
    const ids = [...crew.keys()].sort();
    while (atWork.size < buffered.atWork) {
      const free = ids.filter((id) => !atWork.has(id) && !buffer.some((a) => a.client === id));
      if (free.length === 0) return;
      begin(free[random(config.seed, 'drawn', begun + 1).below(free.length)]!);
    }
  };

  const commitBuffer = async (): Promise<void> => {
    const taus = buffer.map((a) => meanTau({ layers: a.layers, taus: tausSince(models, a.since) }));
    version += 1;
    model = { round: version, ...(await commit(config, models, buffer, blobs)) };
    models = [...models, model].slice(-buffered.staleness - 1);
    const { every, last } = plan.evaluate;
    const due = version % every === 0 || version > config.rounds - last;
    const layers = shared.of(model.layers);
    const on = (side: 'test' | 'validation') => (due ? accuracyOn(pool, side, data[side], layers) : null);
    const [test, validation] = await Promise.all([on('test'), on('validation')]);
    const row: RoundRow = {
      round: version,
      test,
      validation,
      compute: spent,
      seconds: now / 1000,
      masks: Object.fromEntries(buffer.map(({ client, mask }) => [client, mask])),
      trained: buffer.map(({ client }) => client), // in the order in which they came
      hashes: Object.fromEntries(Object.entries(model.layers).map(([name, { sha256 }]) => [name, sha256])),
      summary: null,
      buffer: { traffic, dropped, staleness: mean(taus), versions: buffer.map((a) => a.since) },
    };
    buffer = [];
    [spent, traffic, dropped] = [nothing, noTraffic, 0];
    blobs.keep([model.layers, ...[...atWork.keys()].map((id) => held.get(id) ?? {})]);
    shared.keep(model.layers);
    await onRound(row, null);
  };

  const arrive = async (id: string, { mask, train, since, cost, answer }: AtWork): Promise<void> => {
    const { hello, device } = crew.get(id)!;
    const done = await answer;
    atWork.delete(id);
    spent = { ...spent, train: spent.train + cost, full: spent.full + device.fullCost };
    if (done?.kind !== 'update') return; // gone, or its numbers broke: another one begins
    traffic = {
      ...traffic,
      up: traffic.up + bytesOf(train),
      upIfFull: traffic.upIfFull + trainable,
    };
    if (version - since > buffered.staleness) {
      dropped += 1;
      return;
    }
    const { sha256: update } = await blobs.write(done.update);
    buffer.push({ client: id, samples: hello.samples, layers: train, update, since, mask });
    if (buffer.length === buffered.updates) await commitBuffer();
  };

  try {
    // A device that is always gone would let the run go on for ever.
    const most = 100 * buffered.updates * config.rounds + buffered.atWork;
    while (version < config.rounds) {
      if (begun > most)
        return { kind: 'diverged', reason: 'hardly any update ever came, or all were too old' };
      fill();
      const [next] = [...atWork].sort(([a, p], [b, q]) => p.due - q.due || (a < b ? -1 : 1));
      if (next === undefined) throw new Error('The buffered run waits for nobody.');
      now = next[1].due;
      await arrive(...next);
    }
  } catch (error) {
    if (error instanceof StrataError && error.code === 'non-finite')
      return { kind: 'diverged', reason: error.message };
    throw error;
  }
  await Promise.allSettled([...atWork.values()].map((w) => w.answer)); // the threads are to be idle
  const layers = shared.of(model.layers);
  return { kind: 'finished', clients: await accuracyOfClients(pool, crew.size, layers) };
}

/** Layers for a client alone, by a strategy that asks nobody: its own turn each time. */
function maskOf(config: RunConfig, turn: number, id: string, samples: number): readonly string[] {
  const layers = selectableLayers(layoutFor(config));
  const budget = budgetOf(config.budget, { id, wish: null, rounds: [] }, config.seed);
  const prices = pricesFor(config, layers, [{ id, samples, budget, scores: null, measured: null }]);
  const client = { id, samples, budget: prices.budgets[0]!, scores: null };
  const input = {
    layers,
    costs: prices.costs,
    reach: prices.reach,
    clients: [client],
    round: turn,
    seed: config.seed,
  };
  return choose({ strategy: config.strategy, input, history: null }).masks[id] ?? [];
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((a, b) => a + b, 0) / values.length;

async function written(blobs: Blobs, layers: ReadonlyMap<string, Uint8Array>): Promise<Layers> {
  const out: Layers = {};
  for (const [name, bytes] of layers) out[name] = await blobs.write(bytes);
  return out;
}

function memoryBlobs(): Blobs & { keep(models: readonly Layers[]): void } {
  const files = new Map<string, Uint8Array>();
  return {
    read: (sha256) => {
      const bytes = files.get(sha256);
      if (bytes === undefined) throw new Error(`There is no blob ${sha256}.`);
      return bytes;
    },
    write: async (bytes) => {
      const copy = bytes.slice();
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', copy));
      const sha256 = [...digest].map((b) => b.toString(16).padStart(2, '0')).join('');
      files.set(sha256, copy);
      return { sha256, bytes: copy.byteLength };
    },
    keep: (models) => {
      const used = new Set(models.flatMap((layers) => Object.values(layers).map((l) => l.sha256)));
      for (const sha256 of files.keys()) if (!used.has(sha256)) files.delete(sha256);
    },
  };
}
