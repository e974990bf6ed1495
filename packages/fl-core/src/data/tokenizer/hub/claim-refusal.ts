import { StrataError } from '../../../protocol/errors.ts';

/** A claim that two files do not agree on: both values, and the way out. */
export const differs = (field: string, claimed: unknown, there: string, value: unknown) =>
  refused(`says ${field} ${String(claimed)}; ${there} of tokenizer.json is ${String(value)}`);

/** @param file whose claim it is */
export const refused = (what: string, file = 'tokenizer_config.json') =>
  new StrataError(
    'bad-model',
    `${file} ${what}.`,
    'transformers would read texts otherwise than tokenizer.json says. Where Python is right, write both files anew: ' +
      `python -c "from transformers import AutoTokenizer; AutoTokenizer.from_pretrained('MODEL').save_pretrained('MODEL')". ` +
      'Where tokenizer.json is right, set tokenizer_class to PreTrainedTokenizerFast, or correct the field.',
  );
