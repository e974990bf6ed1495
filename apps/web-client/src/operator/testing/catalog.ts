import { architectureOf, catalog } from '@strata/fl-core/models/layouts';
import type { Catalog } from '@strata/fl-core/protocol';

/** A catalogue as a server with everything at hand would answer it. */
export function catalogFixture(): Catalog {
  return {
    models: Object.values(catalog).map((spec) => ({
      id: spec.id,
      title: spec.title,
      description: spec.description,
      kind: spec.kind,
      tasks: [...architectureOf(spec).tasks],
      parameters: 1_000_000,
      layers: ['block.0', 'block.1', 'block.2', 'block.3'],
      maxTokens: spec.kind === 'text' ? spec.maxTokens : 0,
      defaultSide: spec.kind === 'image' ? spec.defaultSide : 64,
      sideMultiple: spec.kind === 'image' ? spec.patch : 1,
      largestSide: 512,
      availability: 'ready',
      note: '',
    })),
    samples: [
      {
        id: 'emoji',
        title: 'Emoji',
        kind: 'image',
        tasks: ['classification'],
        labels: ['animal', 'food'],
        split: 'domain',
      },
      {
        id: 'fashion-mnist',
        title: 'Fashion-MNIST',
        kind: 'image',
        tasks: ['classification'],
        labels: ['shirt', 'bag'],
        split: 'dirichlet',
      },
      {
        id: 'wordnet',
        title: 'WordNet',
        kind: 'text',
        tasks: ['classification', 'next-token'],
        labels: ['artifact', 'person'],
        split: 'dirichlet',
      },
    ],
  };
}
