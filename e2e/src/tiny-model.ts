import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { initialLayer, layoutOf, specFromConfig } from '@strata/fl-core/models/layouts';
import { encodeSafetensors } from '@strata/fl-core/protocol';
import { ServerProcess } from '@strata/harness';
import { serverOptions } from './server-options.ts';

const core = fileURLToPath(new URL('../../packages/fl-core/src/', import.meta.url));

export interface TinyModel {
  /** Folder below `fl-core/src/models/architectures` whose `config.json` gives the sizes. */
  readonly fixture: string;
  /** File of the tokenizers' fixtures. */
  readonly tokenizer: string;
  /** Tokens that the tokenizer has. */
  readonly vocabulary: number;
}

export const tinyGpt2: TinyModel = {
  fixture: 'gpt2/fixtures/next-token',
  tokenizer: 'gpt2.tokenizer.json',
  vocabulary: 340,
};
export const tinyBert: TinyModel = {
  fixture: 'bert/fixtures/bert',
  tokenizer: 'bert.tokenizer.json',
  vocabulary: 220,
};

/** A model with drawn weights as transformers would save it, with the tokenizer that belongs to it. */
export async function writeTinyModel(folder: string, model: TinyModel): Promise<void> {
  await mkdir(folder, { recursive: true });
  const fixture = JSON.parse(
    await readFile(join(core, 'models/architectures', model.fixture, 'config.json'), 'utf8'),
  );
  const config = { ...fixture, vocab_size: model.vocabulary };
  const spec = specFromConfig(config, { id: 'tiny' });
  const layout = layoutOf(spec, 2);
  const tensors = layout.layers.flatMap(({ name }) => initialLayer(spec, layout, name, 1));
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  await writeFile(join(folder, 'model.safetensors'), encodeSafetensors(tensors, { format: 'pt' }));
  await cp(join(core, 'data/tokenizer/fixtures/hub', model.tokenizer), join(folder, 'tokenizer.json'));
}

/** A server whose folder of models has `bert` and `gpt2`: between them they can be trained for every task on texts. */
export async function serverWithTinyModels(): Promise<{ server: ServerProcess; dispose(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'strata-e2e-models-'));
  await writeTinyModel(join(folder, 'gpt2'), tinyGpt2);
  await writeTinyModel(join(folder, 'bert'), tinyBert);
  const server = await ServerProcess.start({ env: { ...serverOptions.env, STRATA_MODELS_DIR: folder } });
  return {
    server,
    dispose: async () => {
      await server.dispose();
      await rm(folder, { recursive: true });
    },
  };
}
