import type { RawTexts } from '../../../raw-samples.ts';
import { firstText, onlyLabels, saidLabel } from '../../placed-samples.ts';
import { encodeTexts, splitOf, whole } from '../encode.ts';
import type { TextForm } from '../form.ts';

/** One text and one of the run's labels. */
export const text: TextForm<RawTexts> = {
  thing: 'text',
  wholeFiles: false,
  needs: { texts: 1, labels: 'one' },
  collect: (samples, classes) => ({
    kind: 'text',
    classes,
    texts: samples.map(firstText),
    labels: onlyLabels(samples),
  }),
  said: saidLabel,
  ofTexts: (raw) => raw,
  encode: async (raw, options) =>
    whole({
      kind: 'text',
      tokens: await encodeTexts(raw, options),
      labels: raw.labels,
      ...splitOf(raw),
    }),
};
