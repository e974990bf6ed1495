import { classTargets } from '../../models/targets.ts';
import { gather, gatherLabels } from './rows.ts';
import type { DatasetView, Labelled, Tokens } from './view.ts';

/** One class a text, or a pair of texts. */
export interface TextDataset extends Labelled, Tokens {
  readonly kind: 'text';
  /** Which text of a pair each token is of, 0 or 1, as long as the tokens; absent: the texts are single. */
  readonly segments?: readonly Uint8Array[];
}

export const text = ({ kind, tokens, labels, segments }: TextDataset): DatasetView<TextDataset> => ({
  count: labels.length,
  pick: (indices) => ({
    kind,
    tokens: gather(tokens, indices),
    ...(segments ? { segments: gather(segments, indices) } : {}),
    labels: gatherLabels(labels, indices),
  }),
  eachClass: (say) => labels.forEach(say),
  content: () => ({ kind: 'labelled' }),
  strata: () => labels,
  targets: (rows) => classTargets(gatherLabels(labels, rows)),
});
