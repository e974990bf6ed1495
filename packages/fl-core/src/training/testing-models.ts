import type { TextDataset } from '../data/datasets/index.ts';
import { catalog, layoutOf, loadModel, type ModelSpec, selectableLayers } from '../models/index.ts';
import { seededLayer } from '../models/testing/run.ts';
import type { ModelId } from '../protocol/run.ts';
import { random } from '../random.ts';
import { toyClasses } from './testing.ts';

/** Side of the images of the image models here. */
export const modelSide = 32;

/** The sentence encoder at a size for tests; its tokens are below 256. */
export const smallText: ModelSpec = {
  ...catalog['use-lite'],
  vocabulary: 256,
  embedding: 16,
  dim: 32,
  heads: 2,
  mlp: 48,
};

/** A model of the catalog, or of that kind, with seeded weights. */
export async function catalogModel(of: ModelId | ModelSpec) {
  const spec = typeof of === 'string' ? catalog[of] : of;
  const layout = layoutOf(spec, toyClasses);
  const model = await loadModel(spec, { classes: toyClasses, side: modelSide });
  const weights = new Map(layout.layers.map(({ name }) => [name, seededLayer(spec, layout, name, 1)]));
  return { model, layout, weights, blocks: selectableLayers(layout) };
}

/** Texts of 3 to 7 words, each class with ten words of its own. */
export function textData(samples: number): TextDataset {
  const source = random('texts');
  const labels = Int32Array.from({ length: samples }, (_, i) => i % toyClasses);
  const tokens = Array.from(labels, (label) =>
    Int32Array.from({ length: 3 + source.below(5) }, () => 100 + 10 * label + source.below(10)),
  );
  return { kind: 'text', tokens, labels };
}
