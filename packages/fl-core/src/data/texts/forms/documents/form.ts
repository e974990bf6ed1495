import { firstText } from '../../placed-samples.ts';
import { splitOf } from '../encode.ts';
import type { TextForm } from '../form.ts';
import { encodeDocuments, type RawDocuments } from './encode.ts';
import { toPassageDataset } from './passages.ts';

/** Texts as they are; as token ids they are passages. */
export const documents: TextForm<RawDocuments> = {
  thing: 'text',
  wholeFiles: true,
  needs: { texts: 1, labels: 'none' },
  collect: (samples) => ({
    kind: 'documents',
    texts: samples.map(firstText),
    places: samples.map(({ file, line }) => ({ file, ...(line === undefined ? {} : { line }) })),
  }),
  said: () => '',
  ofTexts: (raw) => {
    const places = raw.texts.map((_, i) => ({ file: 'built-in data', line: i + 1 }));
    return { kind: 'documents', texts: raw.texts, places, ...splitOf(raw) };
  },
  // What is too short to learn from, or one too many, is among the problems.
  encode: async (raw, options) => {
    const { maxTokens, passage = maxTokens } = options;
    const { documents: ids, ...leftOut } = await encodeDocuments(raw, options);
    return { dataset: toPassageDataset(ids, Math.min(passage, maxTokens)), ...leftOut };
  },
};
