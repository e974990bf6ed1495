import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createHuggingFaceTokenizer } from '../hugging-face.ts';

const { bert } = z
  .object({ bert: z.looseObject({ model: z.looseObject({ vocab: z.record(z.string(), z.number()) }) }) })
  .parse(JSON.parse(readFileSync(new URL('../fixtures/components.json', import.meta.url), 'utf8')));
const open = (change: object) => () => createHuggingFaceTokenizer({ ...bert, ...change }, { maxTokens: 8 });
const model = (change: object) => ({ model: { ...bert.model, ...change } });
const divided = (Regex: string) => ({
  pre_tokenizer: { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false },
});
const added = (change: object) => ({
  added_tokens: [
    {
      id: 2,
      content: '[CLS]',
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
      ...change,
    },
  ],
});
const letters = { vocab: { a: 0, b: 1 }, merges: [] };
const pieces = [
  ['<unk>', 0],
  ['a', -1],
];

/** What Python has and this project does not, or what Python itself refuses: by place, before a run is made. */
describe('a tokenizer.json is refused with the place of', () => {
  it.each<[string, object, string]>([
    [
      'an unknown normalizer',
      { normalizer: { type: 'Upper' } },
      'normalizer.type: the normalizer Upper is not built',
    ],
    [
      'an unknown one in a sequence',
      { normalizer: { type: 'Sequence', normalizers: [{ type: 'NFC' }, { type: 'Upper' }] } },
      'normalizer.normalizers.1.type: the normalizer Upper is not built',
    ],
    ['a normalizer without its options', { normalizer: { type: 'Strip' } }, 'normalizer.strip_left'],
    [
      'an empty table of SentencePiece',
      { normalizer: { type: 'Precompiled', precompiled_charsmap: '' } },
      'normalizer.precompiled_charsmap: is no table of SentencePiece',
    ],
    [
      'scripts',
      { pre_tokenizer: { type: 'UnicodeScripts' } },
      'the pre-tokenizer UnicodeScripts is not built',
    ],
    [
      'Replace as a pre-tokenizer',
      { pre_tokenizer: { type: 'Replace', pattern: { String: 'a' }, content: '' } },
      'Replace',
    ],
    [
      'a Metaspace that contradicts itself',
      { pre_tokenizer: { type: 'Metaspace', replacement: '▁', add_prefix_space: false } },
      'Metaspace has add_prefix_space false and prepend_scheme always',
    ],
    [
      'the beginning told apart behind a normalizer',
      { pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first' } },
      'prepend_scheme first behind a normalizer',
    ],
    ['a possessive quantifier', divided('\\p{L}++'), 'a possessive quantifier'],
    ['an atomic group', divided('(?>a|ab)c'), 'an atomic group'],
    ['case that is not looked at', divided("(?i:'s|'t)"), 'options or a named group'],
    ['an anchor', divided('^a'), 'an anchor'],
    ['a border of words', divided('\\bab'), 'an escape'],
    ['a set inside a set', divided('[a[bc]]'), 'a set inside a set'],
    ['an expression that is none', divided('a('), 'cannot be read'],
    ['an unknown model', { model: { type: 'Nonsense', vocab: {} } }, 'the model Nonsense is not built'],
    ['merges left out at random', { model: { type: 'BPE', ...letters, dropout: 0.1 } }, 'model.dropout'],
    [
      'a prefix inside words',
      { model: { type: 'BPE', ...letters, continuing_subword_prefix: '##' } },
      'model.continuing_subword_prefix',
    ],
    [
      'merges beyond the vocabulary',
      { model: { type: 'BPE', ...letters, merges: ['a b'] } },
      'the token "ab" of model.merges is not in its vocabulary',
    ],
    [
      'bytes of Unigram',
      { model: { type: 'Unigram', vocab: pieces, unk_id: 0, byte_fallback: true } },
      'model.byte_fallback',
    ],
    [
      'no unknown token of Unigram',
      { model: { type: 'Unigram', vocab: pieces, unk_id: null } },
      'model.unk_id',
    ],
    ['an unknown token beyond it', { model: { type: 'Unigram', vocab: pieces, unk_id: 2 } }, 'unk_id 2'],
    [
      'an unknown token that is not there',
      model({ unk_token: '<unk>' }),
      'the token "<unk>" of model.unk_token',
    ],
    [
      'two templates in one sequence',
      {
        post_processor: {
          type: 'Sequence',
          processors: [
            { type: 'BertProcessing', sep: ['[SEP]', 3], cls: ['[CLS]', 2] },
            { type: 'BertProcessing', sep: ['[SEP]', 3], cls: ['[CLS]', 2] },
          ],
        },
      },
      'BertProcessing and BertProcessing in one Sequence',
    ],
    [
      'RoBERTa’s without the options by which Python knows it',
      { post_processor: { type: 'RobertaProcessing', sep: ['</s>', 3], cls: ['<s>', 2] } },
      'post_processor.trim_offsets',
    ],
    [
      'an added token with another id',
      added({ id: 9 }),
      'added_tokens has "[CLS]" as 9; Python counts it as 2',
    ],
    ['a new token out of turn', added({ id: 900, content: '<new>' }), 'added_tokens has "<new>" as 900'],
    [
      'an added token without its options',
      { added_tokens: [{ id: 2, content: '[CLS]' }] },
      'added_tokens.0.single_word',
    ],
  ])('%s', (_, change, message) => {
    expect(open(change)).toThrow(
      expect.objectContaining({
        code: 'bad-model',
        message: expect.stringContaining(message),
        hint: expect.stringContaining('tokenizer.json'),
      }),
    );
  });

  it('nothing where a file of before names no type of its model', () => {
    const { type: _, ...untyped } = bert.model;
    const older = createHuggingFaceTokenizer({ ...bert, model: untyped }, { maxTokens: 8 });
    expect(older.encode('the quick')).toEqual(open({})().encode('the quick'));
  });

  it('nothing of a decoder: nothing is decoded here', () => {
    expect(open({ decoder: { type: 'Nonsense' } })).not.toThrow();
  });
});
