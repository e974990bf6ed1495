import { z } from 'zod';

/**
 * The components of `tokenizer.json` as Hugging Face's `tokenizers` (0.23) reads them, so far as this project gives the
 * same ids: a component that is not here, or a value that only Python has, is refused by its place in the file. Fields
 * that Python does not look at are not looked at here.
 */

const Base64 = z.base64().min(8, 'is no table of SentencePiece');
const OneCharacter = z.string().refine((s) => [...s].length === 1, 'must be one character');

/** Of `Split` and `Replace`: a plain string, or a regular expression of Oniguruma. */
const Pattern = z.union([z.object({ String: z.string() }), z.object({ Regex: z.string().max(4000) })], {
  error: 'must have a String or a Regex',
});
export type Pattern = z.infer<typeof Pattern>;

/** What becomes of the pieces that a pattern finds, and of those between them. */
const Behavior = z.enum(['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous']);
export type Behavior = z.infer<typeof Behavior>;

/** Says what is known where a component is not. */
const known =
  (what: string, names: readonly string[]) =>
  ({ input }: { readonly input?: unknown }): string => {
    if (input == null) return `the ${what} is missing: it is no tokenizer`;
    const type = z.object({ type: z.string().max(60) }).safeParse(input);
    return `the ${what} ${type.success ? type.data.type : 'without a type'} is not built; ${names.join(', ')} are`;
  };

const simpleNormalizers = [
  'NFC',
  'NFD',
  'NFKC',
  'NFKD',
  'StripAccents',
  'Lowercase',
  'Nmt',
  'ByteLevel',
] as const;

const SingleNormalizer = z.discriminatedUnion(
  'type',
  [
    z.object({ type: z.enum(simpleNormalizers) }),
    z.object({
      type: z.literal('BertNormalizer'),
      clean_text: z.boolean(),
      handle_chinese_chars: z.boolean(),
      strip_accents: z.boolean().nullish(),
      lowercase: z.boolean(),
    }),
    z.object({ type: z.literal('Strip'), strip_left: z.boolean(), strip_right: z.boolean() }),
    z.object({ type: z.literal('Prepend'), prepend: z.string() }),
    z.object({ type: z.literal('Precompiled'), precompiled_charsmap: Base64 }),
    z.object({ type: z.literal('Replace'), pattern: Pattern, content: z.string() }),
    z.object({
      type: z.literal('Sequence'),
      get normalizers(): z.ZodArray<typeof SingleNormalizer> {
        return z.array(SingleNormalizer);
      },
    }),
  ],
  {
    error: known('normalizer', [
      ...simpleNormalizers,
      ...['BertNormalizer', 'Strip', 'Prepend', 'Precompiled', 'Replace', 'Sequence'],
    ]),
  },
);
export const Normalizer = SingleNormalizer;
export type Normalizer = z.infer<typeof SingleNormalizer>;

const ByteLevel = z.object({
  type: z.literal('ByteLevel'),
  add_prefix_space: z.boolean(),
  use_regex: z.boolean().default(true),
});

const SinglePreTokenizer = z.discriminatedUnion(
  'type',
  [
    z.object({ type: z.enum(['BertPreTokenizer', 'Whitespace', 'WhitespaceSplit']) }),
    ByteLevel,
    z.object({
      type: z.literal('Metaspace'),
      replacement: OneCharacter,
      prepend_scheme: z.enum(['always', 'never', 'first']).default('always'),
      /** Of older files; Python opens those alone in which the two say the same. */
      add_prefix_space: z.boolean().nullish(),
      split: z.boolean().default(true),
    }),
    z.object({ type: z.literal('Split'), pattern: Pattern, behavior: Behavior, invert: z.boolean() }),
    z.object({ type: z.literal('Punctuation'), behavior: Behavior.default('Isolated') }),
    z.object({ type: z.literal('Digits'), individual_digits: z.boolean() }),
    z.object({ type: z.literal('CharDelimiterSplit'), delimiter: OneCharacter }),
    z.object({ type: z.literal('FixedLength'), length: z.number().int().min(1).default(5) }),
    z.object({
      type: z.literal('Sequence'),
      get pretokenizers(): z.ZodArray<typeof SinglePreTokenizer> {
        return z.array(SinglePreTokenizer);
      },
    }),
  ],
  {
    error: known('pre-tokenizer', [
      ...['BertPreTokenizer', 'Whitespace', 'WhitespaceSplit', 'ByteLevel', 'Metaspace', 'Split'],
      ...['Punctuation', 'Digits', 'CharDelimiterSplit', 'FixedLength', 'Sequence'],
    ]),
  },
);
export const PreTokenizer = SinglePreTokenizer;
export type PreTokenizer = z.infer<typeof SinglePreTokenizer>;

const Id = z.number().int().min(0).max(10_000_000);
const Vocabulary = z.record(z.string(), Id);
/** Merging at random is for training; Python does it on every call. */
const NoDropout = z.literal(0, { error: 'only 0 or null: merges would be left out at random' }).nullish();
const Empty = z.literal('', { error: 'only an empty one is built' }).nullish();

const SingleModel = z.discriminatedUnion(
  'type',
  [
    z.object({
      type: z.literal('WordPiece'),
      vocab: Vocabulary,
      unk_token: z.string(),
      continuing_subword_prefix: z.string(),
      max_input_chars_per_word: z.number().int().min(0),
    }),
    z.object({
      type: z.literal('BPE'),
      vocab: Vocabulary,
      merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])),
      unk_token: z.string().nullish(),
      dropout: NoDropout,
      continuing_subword_prefix: Empty,
      end_of_word_suffix: z.string().nullish(),
      fuse_unk: z.boolean().default(false),
      byte_fallback: z.boolean().default(false),
      ignore_merges: z.boolean().default(false),
    }),
    z.object({
      type: z.literal('Unigram'),
      vocab: z.array(z.tuple([z.string(), z.number()])).min(1),
      unk_id: Id,
      byte_fallback: z
        .literal(false, { error: 'only false: bytes in the place of unknown characters are not built' })
        .default(false),
    }),
    z.object({ type: z.literal('WordLevel'), vocab: Vocabulary, unk_token: z.string() }),
  ],
  { error: known('model', ['WordPiece', 'BPE', 'Unigram', 'WordLevel']) },
);
export type Model = z.infer<typeof SingleModel>;

/** Older files do not name the type of their model: Python tells it by the fields. */
export const Model = z.preprocess((model) => {
  const untyped = z.looseObject({ type: z.undefined().optional(), vocab: z.unknown() }).safeParse(model);
  if (!untyped.success || untyped.data.vocab === undefined) return model;
  const { data } = untyped;
  if ('merges' in data) return { ...data, type: 'BPE' };
  if ('continuing_subword_prefix' in data) return { ...data, type: 'WordPiece' };
  return { ...data, type: Array.isArray(data.vocab) ? 'Unigram' : 'WordLevel' };
}, SingleModel);

const Segment = z.number().int().min(0).max(1);
const Special = z.tuple([z.string(), Id]);
const TemplatePart = z.union([
  z.object({ SpecialToken: z.object({ id: z.string(), type_id: Segment }) }),
  z.object({ Sequence: z.object({ id: z.enum(['A', 'B']), type_id: Segment }) }),
]);
export type TemplatePart = z.infer<typeof TemplatePart>;

const SinglePostProcessor = z.discriminatedUnion(
  'type',
  [
    z.object({ type: z.literal('BertProcessing'), sep: Special, cls: Special }),
    z.object({
      type: z.literal('RobertaProcessing'),
      sep: Special,
      cls: Special,
      // Without these two Python takes it for BERT's.
      trim_offsets: z.boolean(),
      add_prefix_space: z.boolean(),
    }),
    z.object({ type: z.literal('ByteLevel') }),
    z.object({
      type: z.literal('TemplateProcessing'),
      single: z.array(TemplatePart),
      pair: z.array(TemplatePart),
      special_tokens: z.record(z.string(), z.object({ ids: z.array(Id).min(1) })),
    }),
    z.object({
      type: z.literal('Sequence'),
      get processors(): z.ZodArray<typeof SinglePostProcessor> {
        return z.array(SinglePostProcessor);
      },
    }),
  ],
  {
    error: known('post-processor', [
      ...['BertProcessing', 'RobertaProcessing', 'ByteLevel', 'TemplateProcessing', 'Sequence'],
    ]),
  },
);
export const PostProcessor = SinglePostProcessor;
export type PostProcessor = z.infer<typeof SinglePostProcessor>;

export const AddedToken = z.object({
  id: Id,
  content: z.string(),
  single_word: z.boolean(),
  lstrip: z.boolean(),
  rstrip: z.boolean(),
  normalized: z.boolean(),
  special: z.boolean(),
});
export type AddedToken = z.infer<typeof AddedToken>;

/** The whole file. Decoders are not looked at: nothing here is decoded. */
export const TokenizerJson = z.object({
  added_tokens: z.array(AddedToken).nullish(),
  normalizer: Normalizer.nullish(),
  pre_tokenizer: PreTokenizer.nullish(),
  post_processor: PostProcessor.nullish(),
  model: Model,
  truncation: z.object({ direction: z.enum(['Left', 'Right']).default('Right') }).nullish(),
});
export type TokenizerJson = z.infer<typeof TokenizerJson>;
