import { gather, padRows } from './rows.ts';
import type { DatasetView, Split, Tokens } from './view.ts';

/** Passages of text whose next tokens are to be predicted; each has 2 tokens or more. */
export interface PassageDataset extends Split, Tokens {
  readonly kind: 'passages';
}

/** They have no classes and are all alike. */
export const passages = ({ kind, tokens }: PassageDataset): DatasetView<PassageDataset> => ({
  count: tokens.length,
  pick: (indices) => ({ kind, tokens: gather(tokens, indices) }),
  eachClass: () => {},
  content: () => {
    const all = tokens.reduce((sum, { length }) => sum + length, 0);
    return { kind: 'passages', tokens: Math.round(all / Math.max(1, tokens.length)) };
  },
  strata: () => new Int32Array(tokens.length),
  targets: (rows, length) => ({
    kind: 'next-tokens',
    length,
    ids: padRows(tokens, rows, length, { skip: 1, padding: -1 }),
  }),
});
