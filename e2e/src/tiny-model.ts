import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { initialLayer, layoutOf, specFromConfig } from '@strata/fl-core/models/layouts';
import { encodeSafetensors } from '@strata/fl-core/protocol';

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
