import { type Dataset, sampleCount } from '@strata/fl-core/data';
import { decodeSafetensors, encodeSafetensors } from '@strata/fl-core/protocol';
import type { MemoryRun } from '@strata/fl-core/rounds/memory';
import { finish, type Trainer } from '@strata/fl-core/training';

/** Does what the run asks of a participant; false when it asks for nothing. Its model is on the wasm backend. */
export async function act(run: MemoryRun, id: string, trainer: Trainer, data: Dataset): Promise<boolean> {
  const work = run.work(id);
  if (work.kind === 'wait' || work.kind === 'over') return false;
  setGlobal(run, trainer, work.checkpoint.layers);
  const { local } = run.book.run.config;
  const { batchSize } = local;
  const samples = sampleCount(data);
  switch (work.kind) {
    case 'probe': {
      const { round, score, seed } = work;
      const probed = await finish(
        trainer.probe(data, { batches: local.probeBatches, batchSize, seed, score }),
      );
      await run.probed(id, { round, scores: probed.scores, samples, loss: probed.loss });
      return true;
    }
    case 'train': {
      const { round, train: layers, seed, span } = work;
      const { update, loss } = await finish(trainer.train(data, { layers, local, seed, span }));
      const metadata = { samples: String(samples), loss: String(loss) };
      await run.update(id, round, encodeSafetensors(update, metadata));
      return true;
    }
    case 'evaluate':
      // Measured on the makers' own test split instead.
      await run.evaluated(id, { round: work.round, samples: 0, loss: 0, accuracy: 0 });
      return true;
    default:
      return work satisfies never;
  }
}

/** Gives a trainer the layers of a checkpoint. */
export function setGlobal(
  run: MemoryRun,
  trainer: Trainer,
  layers: Readonly<Record<string, { readonly sha256: string }>>,
): void {
  for (const [layer, { sha256 }] of Object.entries(layers)) {
    trainer.setLayer(layer, decodeSafetensors(run.book.read(sha256)).tensors);
  }
}
