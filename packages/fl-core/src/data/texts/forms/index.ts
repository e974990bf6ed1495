import { type TaskName, type TaskVariant, taskNamed } from '../../../tasks/index.ts';
import type { RawTexts } from '../../raw-samples.ts';
import type { PlacedSample } from '../placed-samples.ts';
import type { RawDocuments } from './documents/encode.ts';
import { documents } from './documents/form.ts';
import type { TokenDatasetOptions, Tokenized } from './encode.ts';
import type { TextForm } from './form.ts';
import { labelSets, type RawLabelSets } from './label-sets/form.ts';
import { pairs, type RawPairs } from './pairs/form.ts';
import { text } from './text/form.ts';

export type { RawDocuments } from './documents/encode.ts';
export type { TokenDatasetOptions, Tokenized, TokenLimits } from './encode.ts';
export { flagsOf, type RawLabelSets } from './label-sets/form.ts';
export type { RawPairs } from './pairs/form.ts';

/** Texts in each form, before a model's tokenizer. */
interface RawOfForm {
  readonly text: RawTexts;
  readonly 'label-sets': RawLabelSets;
  readonly pairs: RawPairs;
  readonly documents: RawDocuments;
}
type FormName = keyof RawOfForm;
type RawOf<F extends FormName> = RawOfForm[F] & { readonly kind: F };

/** Every form there is. All that concerns one alone is in its folder. */
const forms: { readonly [F in FormName]: TextForm<RawOf<F>> } = {
  text,
  'label-sets': labelSets,
  pairs,
  documents,
};

/** Texts as a task takes them. */
export type RawOfTask<T extends TaskName> = RawOfForm[Extract<TaskVariant, { readonly name: T }>['form']];
export type RawTextSamples = RawOfForm[FormName];

/** The form of a task's texts. */
export const formOf = (task: TaskName) => forms[taskNamed(task).form];

/** The samples of tables as a task takes them. @param classes the run's labels. */
export function collectSamples<T extends TaskName>(
  task: T,
  samples: readonly PlacedSample[],
  classes: readonly string[],
): RawOfTask<T>;
export function collectSamples(
  task: TaskName,
  samples: readonly PlacedSample[],
  classes: readonly string[],
): RawTextSamples {
  return formOf(task).collect(samples, classes);
}

/**
 * Texts of any form as token ids. Others (messages of a worker, say) get their turn between texts.
 *
 * Nothing is thrown for texts that cannot be used: they are in `problems`.
 *
 * @throws StrataError `bad-config` for a form that the model's tokenizer does not have.
 */
export function toTokenDataset<F extends FormName>(
  raw: RawOf<F>,
  options: TokenDatasetOptions,
): Promise<Tokenized> {
  const form: TextForm<RawOf<F>> = forms[raw.kind];
  return form.encode(raw, options);
}
