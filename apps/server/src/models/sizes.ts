import { StrataError } from '@strata/fl-core/protocol';
import { sizeOf } from './file-bytes.ts';

/** Files of a model that are read as a whole have bounds: of their own, far below that of the weights. */

/** `config.json` and its like, a README: a larger one describes no model. */
export const jsonBytes = 8 * 2 ** 20;
/** Files of a tokenizer; that of XLM-RoBERTa has 17 MB. */
export const tokenizerBytes = 64 * 2 ** 20;

export const tooLong = (file: string, where: string, most: number): StrataError =>
  new StrataError(
    'too-large',
    `${file} of ${where} has more than ${most / 2 ** 20} MiB.`,
    'Check that it is the file of a model.',
  );

/** Looks at a file before it is read as a whole. Throws `too-large`. */
export async function checkSize(path: string, most: number): Promise<void> {
  const bytes = await sizeOf(path);
  if (bytes <= most) return;
  throw new StrataError(
    'too-large',
    `${path} has ${Math.ceil(bytes / 2 ** 20)} MiB; at most ${most / 2 ** 20} are read.`,
    'Check that it is the file of a model.',
  );
}
