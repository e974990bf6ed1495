import { SecretsInMemory } from '@strata/client/sealed/in-memory';
import type { Platform } from '@strata/client/session';
import { SharedTrainer, type Trainers } from '@strata/client/session/trainers';
import { SpendingInMemory } from '@strata/client/work';
import { loadSample } from '@strata/fl-core/data';
import { type ChosenBackend, chooseBackend } from '@strata/fl-core/training';
import { noData, PartsOfModels } from './kept-in-folder.ts';
import { openPicture } from './pictures.ts';
import { SecretsInFolder } from './secrets-in-folder.ts';
import { SpendingInFolder } from './spending-in-folder.ts';

/**
 * Where a client without a browser runs. All clients of a process share one trainer, which works for one of them at a
 * time, and the parts of the model.
 *
 * @param folder where parts of models, and keys of sealed runs, stay for the next time; null: nowhere.
 */
export function nodePlatform(folder: string | null): Platform {
  let trainers: Promise<Trainers> | null = null;
  const samples = new Map<string, ReturnType<typeof loadSample>>();
  return {
    trainers({ backend, load, blob }) {
      trainers ??= openBackend(backend).then((chosen) => new SharedTrainer(chosen, load, blob));
      return trainers;
    },
    openPicture,
    loadSample(sample, io) {
      const loading = samples.get(sample) ?? loadSample(sample, io);
      samples.set(sample, loading);
      loading.catch(() => samples.delete(sample)); // it may be had the next time
      return loading;
    },
    data: noData,
    models: new PartsOfModels(folder),
    spending: folder === null ? new SpendingInMemory() : new SpendingInFolder(folder),
    secrets: folder === null ? new SecretsInMemory() : new SecretsInFolder(folder),
  };
}

/** By the rule C2; a graphics card needs npm `webgpu`, which is Dawn, beside Strata. */
async function openBackend(force: 'webgpu' | 'wasm' | 'cpu' | undefined): Promise<ChosenBackend> {
  if (force === 'webgpu' || force === undefined) await openDawn();
  return chooseBackend(force === undefined ? {} : { force });
}

/** Gives this process `navigator.gpu`, as a tab has it, where Dawn is installed. */
async function openDawn(): Promise<void> {
  const dawn = await import('webgpu').catch(() => null);
  if (dawn === null) return;
  Object.assign(globalThis, dawn.globals);
  // Newer versions of Node have a navigator that cannot be assigned to.
  Object.defineProperty(globalThis, 'navigator', {
    value: { gpu: dawn.create([]), userAgent: 'node', language: 'en', hardwareConcurrency: 1 },
    configurable: true,
  });
}
