import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { usualTokenizer } from '../../../models/layouts.ts';
import { createHuggingFaceTokenizer } from '../hugging-face.ts';

const read = (file: string): unknown =>
  JSON.parse(readFileSync(new URL(`../fixtures/${file}`, import.meta.url), 'utf8'));

/** What AutoTokenizer makes of each: experiments/oracles/tokenizer-claims.py. */
const python = z
  .object({
    bases: z.record(z.string(), z.object({ type: z.string(), json: z.looseObject({}).nullable() })),
    cases: z
      .array(
        z.object({
          base: z.string(),
          change: z.looseObject({}),
          config: z.looseObject({}).nullable(),
          equal: z.boolean(),
        }),
      )
      .min(50),
  })
  .parse(read('claims.json'));

const cases = python.cases.map((each) => {
  const base = python.bases[each.base]!;
  const json = {
    ...(base.json ?? z.looseObject({}).parse(read('hub/xlm-roberta.tokenizer.json'))),
    ...each.change,
  };
  const open = () =>
    createHuggingFaceTokenizer(json, {
      config: each.config,
      usualClass: usualTokenizer(base.type),
      maxTokens: 100,
    });
  return { ...each, open, label: JSON.stringify([each.change, each.config]) };
});

/** Refused all the same: the token's text is in none of the texts that were compared, or Python 4 would find it. */
const stricter = [{ additional_special_tokens: ['quick'] }, { pad_token: '[NEW]' }].map((config) =>
  JSON.stringify(config),
);
const isTaken = ({ equal, config }: (typeof cases)[number]) =>
  equal && !stricter.includes(JSON.stringify(config));

describe('what tokenizer_config.json claims', () => {
  it.each(cases.filter(isTaken))('changes no token in Python, and is taken: $base $label', ({ open }) => {
    expect(open).not.toThrow();
  });

  it.each(cases.filter((one) => !isTaken(one)))(
    'gives other tokens in Python, and is refused: $base $label',
    ({ open }) => {
      expect(open).toThrow(expect.objectContaining({ code: 'bad-model' }));
    },
  );

  it('is refused with both values and the way out', () => {
    const cased = cases.find(({ base, config }) => base === 'cased' && config?.do_lower_case === true)!;
    expect(cased.open).toThrow(
      expect.objectContaining({
        message:
          'tokenizer_config.json says do_lower_case true; normalizer.lowercase of tokenizer.json is false.',
        hint: expect.stringContaining('save_pretrained'),
      }),
    );
    const silent = cases.find(({ base, config }) => base === 'cased' && config === null)!;
    expect(silent.open).toThrow(/do_lower_case \(absent, so by default\) true/);
  });

  it.each([
    ['special_tokens_map.json', { specialTokens: { mask_token: 'brown' } }, 'names the mask_token "brown"'],
    [
      'special_tokens_map.json',
      { specialTokens: { additional_special_tokens: ['brown'] } },
      'names the additional_special_tokens "brown"',
    ],
    ['added_tokens.json', { addedTokens: { brown: 300 } }, 'names the token "brown"'],
    [
      'tokenizer_config.json',
      { config: { extra_special_tokens: { x: 'brown' } } },
      'names the extra_special_tokens "brown"',
    ],
    [
      'tokenizer_config.json',
      { config: { cls_token: '[CLS]' }, specialTokens: { cls_token: '[SEP]' } },
      'says that the cls_token is "[CLS]"; special_tokens_map.json says "[SEP]"',
    ],
    ['special_tokens_map.json', { specialTokens: [] }, 'has no object'],
  ])('of special tokens in %s is held against the file: %o', (file, beside, message) => {
    const open = () => createHuggingFaceTokenizer(python.bases.lower!.json!, { ...beside, maxTokens: 100 });
    expect(open).toThrow(
      expect.objectContaining({ code: 'bad-model', message: expect.stringContaining(`${file} ${message}`) }),
    );
  });

  it('of special tokens that the file knows is taken', () => {
    const specialTokens = { cls_token: '[CLS]', mask_token: { content: '[MASK]', lstrip: false } };
    const open = () =>
      createHuggingFaceTokenizer(python.bases.lower!.json!, {
        config: { tokenizer_class: 'BertTokenizer' },
        specialTokens,
        addedTokens: { '[MASK]': 136 },
        maxTokens: 100,
      });
    expect(open).not.toThrow();
  });

  it('of the side that texts are cut at is held against the file', () => {
    const json = python.bases.lower!.json!;
    const open = (truncation: object | null, truncation_side: string) => () =>
      createHuggingFaceTokenizer({ ...json, truncation }, { config: { truncation_side }, maxTokens: 100 });
    expect(open({ direction: 'Left' }, 'left')).not.toThrow();
    expect(open(null, 'right')).not.toThrow();
    expect(open(null, 'left')).toThrow(
      /truncation_side left; truncation\.direction of tokenizer\.json is Right/,
    );
  });
});
