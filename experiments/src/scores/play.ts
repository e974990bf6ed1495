import { type Dataset, type ImageDataset, sampleCount, type TextDataset } from '@strata/fl-core/data';
import { LocalConfig } from '@strata/fl-core/protocol';
import { type GlobalModel, meanUpdate } from './global-model.ts';
import { type LayerGradients, together } from './gradients.ts';
import { jointScores } from './joint-scores.ts';
import { measureScores, type Scores } from './measure-scores.ts';
import type { ScoresOptions } from './options.ts';
import { type ClientData, type Decreases, oracle } from './oracle.ts';

/** All that was seen of one client at one round. */
interface ClientMeasurement extends Decreases {
  readonly samples: number;
  readonly scores: Scores;
  /** When trained a second time. */
  readonly again: Decreases | null;
}

/** All that was seen of a global model. */
export interface Measurement {
  readonly seed: number;
  /** Rounds of full training after the warm head. */
  readonly round: number;
  /** Loss on all held-out data. */
  readonly loss: number;
  /** In forward order. */
  readonly layers: readonly string[];
  readonly clients: readonly ClientMeasurement[];
  /** What only all clients together could tell. */
  readonly joint: Scores;
  readonly common: readonly number[];
  readonly commonAgain: readonly number[] | null;
}

/** Added to a round's seed for other batches. */
const again = 500;

type Shape = Pick<
  ScoresOptions,
  | 'again'
  | 'at'
  | 'batch'
  | 'batches'
  | 'rate'
  | 'optimizer'
  | 'probeBatches'
  | 'probes'
  | 'warm'
  | 'warmRate'
>;

/**
 * A run in which every client trains everything, with a measurement at the chosen rounds. Its head is warm before it
 * begins, trained alone on everybody's data: one of zeros lets no gradient through to the layers below.
 */
export async function* play(
  model: GlobalModel,
  clients: readonly ClientData[],
  shape: Shape,
  seed: number,
  log: (line: string) => void,
): AsyncGenerator<Measurement> {
  const heldOut = clients.map((c) => c.heldOut);
  const everybody = together(clients.map((c) => labelled(c.train)));
  model.apply(await model.train(everybody, model.heads, warming(shape), seed));
  const local = localOf(shape);
  const weights = clients.map((c) => sampleCount(c.train));
  for (let round = 0; round <= shape.at.at(-1)!; round++) {
    const roundSeed = 1000 * seed + round;
    if (shape.at.includes(round)) {
      const began = performance.now();
      const { all: loss } = await model.losses(heldOut);
      const brought = await oracle(model, clients, local, roundSeed);
      const second = shape.again === 'yes' ? await oracle(model, clients, local, roundSeed + again) : null;
      const told: ClientMeasurement[] = [];
      const gradients: LayerGradients[] = [];
      for (const [i, { train }] of clients.entries()) {
        // Another stream than that of the training: the probe must not see its very batches.
        const probe = { local, probes: shape.probes, seed: 1_000_000 + 1000 * roundSeed + 100 * i };
        const { scores, gradients: own } = await measureScores(model, train, probe);
        gradients.push(own);
        told.push({
          samples: sampleCount(train),
          scores,
          ...brought.clients[i]!,
          again: second?.clients[i] ?? null,
        });
      }
      log(
        `seed ${seed}, round ${round}: loss ${loss.toFixed(4)}, ${Math.round((performance.now() - began) / 1000)} s`,
      );
      yield {
        seed,
        round,
        loss,
        layers: model.selectable,
        clients: told,
        joint: jointScores(gradients, weights, model.selectable),
        common: brought.common,
        commonAgain: second?.common ?? null,
      };
    }
    if (round === shape.at.at(-1)) break;
    const updates = [];
    for (const [i, { train }] of clients.entries()) {
      updates.push(await model.train(train, [...model.selectable, ...model.heads], local, roundSeed + i));
    }
    model.apply(meanUpdate(updates, weights));
  }
}

const localOf = ({ batch, batches, rate, optimizer, probeBatches }: Shape): LocalConfig =>
  LocalConfig.parse({
    ...{ batchSize: batch, maxBatches: batches, probeBatches },
    optimizer: { name: optimizer, learningRate: rate },
  });

const warming = ({ batch, warm, warmRate }: Shape): LocalConfig =>
  LocalConfig.parse({
    ...{ batchSize: batch, epochs: warm },
    optimizer: { name: 'adamw', learningRate: warmRate },
  });

function labelled(data: Dataset): ImageDataset | TextDataset {
  if (data.kind === 'image' || data.kind === 'text') return data;
  throw new TypeError('samples with one label each only');
}
