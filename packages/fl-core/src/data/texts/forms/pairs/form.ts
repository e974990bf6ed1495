import { StrataError } from '../../../../protocol/errors.ts';
import type { RawLabelled } from '../../../raw-samples.ts';
import { firstText, onlyLabels, saidLabel } from '../../placed-samples.ts';
import { inTurn, splitOf, whole } from '../encode.ts';
import type { TextForm } from '../form.ts';

/** Two texts a sample. */
export interface RawPairs extends RawLabelled {
  readonly kind: 'pairs';
  /** The first of each. */
  readonly texts: readonly string[];
  readonly seconds: readonly string[];
}

/** Two texts and one of the run's labels; as token ids each pair is one sequence with its segments. */
export const pairs: TextForm<RawPairs> = {
  thing: 'pair',
  wholeFiles: false,
  needs: { texts: 2, labels: 'one' },
  collect: (samples, classes) => ({
    kind: 'pairs',
    classes,
    texts: samples.map(firstText),
    seconds: samples.map(({ texts }) => texts[1]!),
    labels: onlyLabels(samples),
  }),
  said: saidLabel,
  ofTexts: null,
  encode: async (raw, { tokenizer, model, onProgress }) => {
    const { encodePair } = tokenizer;
    if (encodePair === null) {
      throw new StrataError(
        'bad-config',
        `The tokenizer of the model ${model} has no form for two texts.`,
        'Make the run with a model that reads pairs, a BERT say.',
      );
    }
    const encoded = await inTurn(raw.texts, (first, i) => encodePair(first, raw.seconds[i]!), onProgress);
    return whole({
      kind: 'text',
      tokens: encoded.map(({ ids }) => ids),
      segments: encoded.map(({ segments }) => segments),
      labels: raw.labels,
      ...splitOf(raw),
    });
  },
};
