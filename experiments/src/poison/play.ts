import { initialLayer, layoutOf, specOf } from '@strata/fl-core/models/layouts';
import {
  type AggregationConfig,
  decodeSafetensors,
  encodeSafetensors,
  RunConfig,
} from '@strata/fl-core/protocol';
import { random } from '@strata/fl-core/random';
import { MemoryRun } from '@strata/fl-core/rounds/memory';
import type { Attack } from './attacks.ts';
import {
  accuracy,
  classes,
  drawSamples,
  features,
  type Head,
  middles,
  type Samples,
  train,
} from './regression.ts';

export interface PoisonedRun {
  readonly aggregation: Partial<AggregationConfig>;
  readonly attack: Attack;
  readonly clients: number;
  readonly hostile: number;
  /** Rounds that are opened; one that is abandoned is not made up for. */
  readonly rounds: number;
  readonly seed: number;
}

export interface Outcome {
  /** Of the last committed model, on samples of nobody. */
  readonly accuracy: number;
  readonly abandoned: number;
}

const testSamples = 2000;
/** Samples of a participant, and the most of them that may be of one class. */
const [fewest, most] = [40, 120] as const;

/** A run of the product's own rounds in memory, with the head alone trained. */
export async function play(options: PoisonedRun): Promise<Outcome> {
  const { attack, clients, hostile, rounds, seed } = options;
  const config = configOf(options);
  const spec = specOf(config);
  const layout = layoutOf(spec, classes);
  const initial = layout.layers.map(
    ({ name }) => [name, encodeSafetensors(initialLayer(spec, layout, name, seed))] as const,
  );
  const run = await MemoryRun.create({ config, initial: new Map(initial) });
  const of = middles(seed);
  const crew = Array.from({ length: clients }, (_, i) => ({
    id: `c${i}`,
    data: ownSamples(of, seed, i, i < hostile ? attack.times : 1),
    attack: i < hostile ? attack : null,
  }));
  for (const { id, data, attack } of crew) {
    const samples = data.labels.length;
    await run.hello(id, {
      name: id,
      device: { backend: 'cpu', reason: 'an experiment', adapter: '', threads: 1 },
      samples: attack ? attack.declares(samples) : samples,
      heldOut: 0,
    });
  }
  await run.command('start');
  for (let number = 1; number <= rounds; number++) {
    for (const { id, data, attack } of crew) {
      const work = run.work(id);
      if (work.kind !== 'train') throw new Error(`${id} has ${work.kind} in round ${number}.`);
      const { delta, loss } = train(headOf(run), data, random(seed, 'train', number, id));
      const draws = random(seed, 'attack', number, id);
      const sent = (values: Float64Array) =>
        Float32Array.from(values, (x) => (attack ? attack.sends(x, draws) : x));
      const tensors = layout.layers
        .filter((l) => work.train.includes(l.name))
        .flatMap((l) => l.tensors)
        .map(({ name, shape }) => {
          if (name === 'head.weight') return { name, shape, data: sent(delta.weight) };
          if (name === 'head.bias') return { name, shape, data: sent(delta.bias) };
          return { name, shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) };
        });
      const samples = attack ? attack.claims(data.labels.length) : data.labels.length;
      const metadata = { samples: String(samples), loss: String(loss) };
      await run.update(id, work.round, encodeSafetensors(tensors, metadata));
    }
    await run.advance(60); // the longest pause after an abandoned round
  }
  const test = drawSamples(of, testSamples, even, random(seed, 'test'));
  const closed = [...run.book.rounds.values()].slice(0, rounds);
  return {
    accuracy: accuracy(headOf(run), test),
    abandoned: closed.filter((r) => r.phase === 'abandoned').length,
  };
}

const even = Array.from({ length: classes }, () => 1 / classes);

/** Each has a class of its own that it has more of. */
function ownSamples(of: readonly Float64Array[], seed: number, client: number, times: number): Samples {
  const draws = random(seed, 'client', client);
  const own = draws.below(classes);
  const shares = even.map((_, c) => (c === own ? 0.6 : 0.4 / (classes - 1)));
  return drawSamples(of, times * (fewest + draws.below(most - fewest + 1)), shares, draws);
}

function headOf({ book }: MemoryRun): Head {
  const blob = book.checkpoint(book.run.committedRound).layers.head;
  if (!blob) throw new Error('The model has no head.');
  const tensors = new Map(decodeSafetensors(book.read(blob.sha256)).tensors.map((t) => [t.name, t.data]));
  const values = (name: string, length: number) => {
    const data = tensors.get(name);
    if (data?.length !== length) throw new Error(`The head has no ${name} of ${length} values.`);
    return Float64Array.from(data);
  };
  return { weight: values('head.weight', classes * features), bias: values('head.bias', classes) };
}

function configOf({ aggregation, clients, rounds, seed }: PoisonedRun): RunConfig {
  return RunConfig.parse({
    name: 'poison',
    model: 'vit-nano',
    side: 32,
    data: { kind: 'image' },
    labels: Array.from({ length: classes }, (_, c) => `class ${c}`),
    strategy: { name: 'head-only' },
    aggregation,
    rounds,
    cohort: { goal: clients, minimum: clients, quorum: 1 },
    seed,
  });
}
