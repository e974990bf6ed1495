import { batches } from '../../data/batches.ts';
import type { Dataset } from '../../data/datasets/index.ts';
import type { Batch } from '../../models/batch.ts';
import { selectableLayers } from '../../models/layout.ts';
import { termsOf } from '../../models/targets.ts';
import { StrataError } from '../../protocol/errors.ts';
import type { DeviceScalar, LayerScore } from '../engine.ts';
import type { ProbeOptions, ProbeResult } from '../jobs.ts';
import { shallowestStage } from '../layers.ts';
import { blame, nonFinite } from '../non-finite.ts';
import { piecesOf } from '../pieces.ts';
import { betweenUnits, type Job } from '../progress.ts';
import { stepsOf } from '../train.ts';
import { requireSamples, type Workplace } from '../workplace.ts';
import { StageInputs } from './stage-inputs.ts';
import { measureStepTimes } from './step-times.ts';

/** Beside this, a probe takes the gradients of one layer. */
const defaultActivationBytes = 256 * 1024 * 1024;

/**
 * Importance of every selectable layer, from gradients over a few batches: see the engine's score. Terms
 * count alike, whatever the size of their batch. Changes no weight. All batches go forward, then back stage by stage
 * together, so that no more than one layer's gradients exist at a time; each loss and each score is a number on the
 * device until all are read at once.
 */
export async function* probe({ engine }: Workplace, data: Dataset, options: ProbeOptions): Job<ProbeResult> {
  const { batchSize, seed, control, score = 'squared-norm', times } = options;
  const layers = selectableLayers(engine.layout);
  const cut = shallowestStage(engine.stages, layers);
  const chosen = [...batches(data, { batchSize, seed, maxBatches: options.batches })];
  requireSamples(chosen);
  const pieces = score === 'snr' ? chosen.flatMap((batch) => piecesOf(batch, 1)) : chosen;
  if (score === 'snr') requireTwo(pieces);
  const terms = pieces.reduce((n, piece) => n + termsOf(piece.targets), 0);
  // The mean over the terms; but a variance is of single samples as they are.
  const shareOf = (piece: Batch) => (score === 'snr' ? 1 : termsOf(piece.targets) / terms);
  const units = pieces.length * (1 + engine.stages.length - cut);
  const pause = betweenUnits(control);
  const progress = (done: number) => ({ fraction: ((times === undefined ? 1 : 0.5) * done) / units });

  const inputs = new StageInputs(engine, cut, options.activationBytes ?? defaultActivationBytes);
  const scalars: DeviceScalar[] = [];
  let open: LayerScore | null = null;
  try {
    let done = 0;
    for (const piece of pieces) {
      await pause();
      scalars.push(inputs.add(piece, shareOf(piece)));
      done += 1;
      yield progress(done);
    }
    const losses = await engine.read(scalars.splice(0));
    const bad = losses.findIndex((loss) => !Number.isFinite(loss));
    if (bad >= 0) throw await blame(engine, engine.global, pieces[bad]!, `probe batch ${bad + 1}`);
    const loss = losses.reduce((a, b) => a + b) / (score === 'snr' ? pieces.length : 1);

    const scored: string[] = [];
    for (let stage = engine.stages.length - 1; stage >= cut; stage--) {
      const layer = engine.stages[stage]!;
      const selectable = layers.includes(layer);
      open = selectable ? engine.score(layer, score) : null;
      for (let i = 0; i < pieces.length; i++) {
        await pause();
        const gradients = inputs.descend(i, stage, selectable);
        if (gradients !== null) open?.add(gradients);
        done += 1;
        yield { ...progress(done), loss };
      }
      if (open === null) continue;
      scalars.push(open.finish());
      scored.push(layer);
    }
    inputs.dispose();
    const values = await engine.read(scalars.splice(0));
    // From the top down, as the gradient came.
    const broken = scored.find((_, i) => !Number.isFinite(values[i]));
    if (broken !== undefined) throw nonFinite(`In the probe, the gradient of layer ${broken}`);
    const byLayer = new Map(scored.map((layer, i) => [layer, values[i]!]));
    const scores = Object.fromEntries(layers.map((layer) => [layer, byLayer.get(layer)!]));
    if (times === undefined) return { scores, loss };
    const measured = yield* measureStepTimes(engine, chosen, times, control);
    return { scores, loss, times: measured, steps: stepsOf(data, times) };
  } finally {
    open?.dispose();
    inputs.dispose();
    for (const scalar of scalars) scalar.dispose();
  }
}

function requireTwo(pieces: readonly Batch[]): void {
  if (pieces.length > 1) return;
  throw new StrataError(
    'bad-request',
    'One sample has no variance, so that no ratio of signal to noise can be told.',
    'Add samples, or let the run choose layers by another score.',
  );
}
