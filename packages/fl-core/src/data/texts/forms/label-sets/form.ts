import { listLabels } from '../../../labels.ts';
import type { Split } from '../../../raw-samples.ts';
import { firstText } from '../../placed-samples.ts';
import { encodeTexts, splitOf, whole } from '../encode.ts';
import type { TextForm } from '../form.ts';

/** Any number of classes a text. */
export interface RawLabelSets extends Split {
  readonly kind: 'label-sets';
  readonly classes: readonly string[];
  readonly texts: readonly string[];
  /** 1 where the text has the class, else 0, (N, classes). */
  readonly flags: Uint8Array;
}

/** 1 at each sample's classes, else 0, (N, classes). @param sets class indices of each sample. */
export function flagsOf(sets: readonly (readonly number[])[], classes: number): Uint8Array {
  const flags = new Uint8Array(sets.length * classes);
  sets.forEach((set, i) => {
    for (const label of set) flags[i * classes + label] = 1;
  });
  return flags;
}

/** One text and any number of the run's labels. */
export const labelSets: TextForm<RawLabelSets> = {
  thing: 'text',
  wholeFiles: false,
  needs: { texts: 1, labels: 'several' },
  collect: (samples, classes) => ({
    kind: 'label-sets',
    classes,
    texts: samples.map(firstText),
    flags: flagsOf(
      samples.map(({ labels }) => labels),
      classes.length,
    ),
  }),
  said: ({ labels }, classes) =>
    labels.length === 0
      ? 'none of the labels'
      : `the labels ${listLabels([...labels].sort((a, b) => a - b).map((label) => classes[label]!))}`,
  // A text of one class is a set of one label.
  ofTexts: (raw) => {
    const { texts, classes, labels } = raw;
    const sets = Array.from(labels, (label) => [label]);
    return { kind: 'label-sets', classes, texts, flags: flagsOf(sets, classes.length), ...splitOf(raw) };
  },
  encode: async (raw, options) =>
    whole({
      kind: 'label-sets',
      classes: raw.classes.length,
      tokens: await encodeTexts(raw, options),
      flags: raw.flags,
      ...splitOf(raw),
    }),
};
