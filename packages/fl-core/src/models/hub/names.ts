import type { ModelSpec } from '../spec.ts';
import { vitDialects } from '../vit/hub-names.ts';

/** Tensors of a file that, one below the other along their first axis, make one of ours; mostly one. */
export type HubName = readonly string[];

/** A way in which files of the Hugging Face Hub name the tensors of an architecture: our name to theirs. */
export type Dialect = (name: string) => HubName;

/**
 * The dialects of an architecture, first the one that transformers writes. Our names are transformers' own but for
 * ViT, where they are timm's.
 */
export function dialects(spec: ModelSpec): readonly Dialect[] {
  switch (spec.architecture) {
    case 'vit':
      return vitDialects(spec);
    case 'bert':
      return [...encoderAlone('bert.'), ...encoderAlone('bert.').map(oldNorms)];
    case 'roberta':
      return [...encoderAlone('roberta.'), ...encoderAlone('roberta.').map(oldNorms)];
    case 'distilbert':
      return encoderAlone('distilbert.');
    case 'gpt2':
      return encoderAlone('transformer.');
    case 'clip':
    case 'use-lite':
    case 'layers-model':
      return [unchanged];
    default:
      return spec satisfies never;
  }
}

const unchanged: Dialect = (name) => [name];

/** With the encoder's name before its tensors, and without, as in a file of the encoder alone. */
const encoderAlone = (prefix: string): readonly Dialect[] => [
  unchanged,
  (name) => [name.startsWith(prefix) ? name.slice(prefix.length) : name],
];

/** Files converted from TensorFlow call the weight of a norm gamma and its bias beta. */
const oldNorms =
  (dialect: Dialect): Dialect =>
  (name) =>
    dialect(name).map((n) =>
      n.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta'),
    );
