import { z } from 'zod';
import { StrataError } from '../../../protocol/errors.ts';
import { type Frames, framesOf } from './frame.ts';
import type { Normalizer, PreTokenizer, TokenizerJson } from './parts.ts';

/**
 * What `tokenizer_config.json` claims of a tokenizer. transformers builds the tokenizers of BERT, RoBERTa, GPT-2 and
 * XLM-RoBERTa anew from what stands there, and takes no more than the vocabulary from `tokenizer.json`: where the two
 * disagree, a model would see other tokens in Python than it was trained on here.
 */
const TokenName = z.union([z.string(), z.looseObject({ content: z.string() }).transform((t) => t.content)]);

const Claims = z.looseObject({
  tokenizer_class: z.string().nullish(),
  do_lower_case: z.boolean().nullish(),
  strip_accents: z.boolean().nullish(),
  tokenize_chinese_chars: z.boolean().nullish(),
  add_prefix_space: z.boolean().nullish(),
  truncation_side: z.enum(['left', 'right']).nullish(),
  split_special_tokens: z.boolean().nullish(),
  bos_token: TokenName.nullish(),
  eos_token: TokenName.nullish(),
  unk_token: TokenName.nullish(),
  sep_token: TokenName.nullish(),
  pad_token: TokenName.nullish(),
  cls_token: TokenName.nullish(),
  mask_token: TokenName.nullish(),
  additional_special_tokens: z.array(TokenName).nullish(),
  added_tokens_decoder: z.record(z.string(), TokenName).nullish(),
});
type Claims = z.infer<typeof Claims>;

/** How transformers builds a tokenizer of a class. `file`: from `tokenizer.json` as it is. */
type Family = 'bert' | 'roberta' | 'gpt2' | 'xlm-roberta' | 'file';

const families: Readonly<Record<string, Family>> = {
  BertTokenizer: 'bert',
  DistilBertTokenizer: 'bert',
  ElectraTokenizer: 'bert',
  RobertaTokenizer: 'roberta',
  GPT2Tokenizer: 'gpt2',
  XLMRobertaTokenizer: 'xlm-roberta',
  PreTrainedTokenizer: 'file',
  TokenizersBackend: 'file',
};

/** Which class transformers takes where no file names one. */
const classOfType: Readonly<Record<string, string>> = {
  bert: 'BertTokenizer',
  distilbert: 'BertTokenizer',
  roberta: 'RobertaTokenizer',
  'xlm-roberta': 'XLMRobertaTokenizer',
  gpt2: 'GPT2Tokenizer',
};

const ModelConfig = z.looseObject({
  model_type: z.string().nullish(),
  tokenizer_class: z.string().nullish(),
});

/**
 * Holds `tokenizer.json` against what stands beside it.
 *
 * @param config `tokenizer_config.json`; null where there is none
 * @param modelConfig `config.json` of the model, which tells the class where the former does not
 * @throws StrataError `bad-model` with both values
 */
export function checkClaims(json: TokenizerJson, config: unknown, modelConfig?: unknown): void {
  const parsed = Claims.safeParse(config ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refused(`has ${issue?.path.join('.') || 'no object'}: ${issue?.message}`);
  }
  const claims = parsed.data;
  checkTokens(json, claims);
  checkSides(json, claims);
  const model = ModelConfig.safeParse(modelConfig ?? {});
  const { model_type: type, tokenizer_class: named } = model.success ? model.data : {};
  const name =
    claims.tokenizer_class ??
    named ??
    (type != null && Object.hasOwn(classOfType, type) ? classOfType[type] : null);
  if (name == null) return;
  const plain = name.replace(/Fast$/, '');
  const family = Object.hasOwn(families, plain) ? families[plain] : undefined;
  switch (family) {
    case 'bert':
      checkBert(json, claims, name);
      return;
    case 'roberta':
    case 'gpt2':
      checkByteLevel(json, claims, name, family);
      return;
    case 'xlm-roberta':
      checkXlmRoberta(json, claims, name);
      return;
    case 'file':
      return;
    case undefined:
      throw refused(`names the class ${name}, whose tokens have not been compared with Python’s`);
    default:
      family satisfies never;
  }
}

function checkTokens(json: TokenizerJson, claims: Claims): void {
  const known = new Set((json.added_tokens ?? []).map(({ content }) => content));
  const named = [
    ...(
      ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'] as const
    ).map((field) => [field, claims[field]] as const),
    ...(claims.additional_special_tokens ?? []).map((token) => ['additional_special_tokens', token] as const),
    ...Object.values(claims.added_tokens_decoder ?? {}).map(
      (token) => ['added_tokens_decoder', token] as const,
    ),
  ];
  for (const [field, token] of named) {
    if (token == null || known.has(token)) continue;
    throw refused(`names the ${field} "${token}", which is not among added_tokens of tokenizer.json`);
  }
}

function checkSides(json: TokenizerJson, claims: Claims): void {
  if (claims.split_special_tokens === true) {
    throw refused('has split_special_tokens true; special tokens inside a text are kept whole here');
  }
  const direction = json.truncation?.direction ?? 'Right';
  const side = claims.truncation_side ?? direction.toLowerCase();
  if (side !== direction.toLowerCase()) {
    throw differs('truncation_side', side, 'truncation.direction', direction);
  }
}

/** BERT's: WordPiece, its normalizer with three options, one class token and one separator or two. */
function checkBert(json: TokenizerJson, claims: Claims, name: string): void {
  const { normalizer, pre_tokenizer: divider, model } = json;
  if (normalizer?.type !== 'BertNormalizer') throw rebuilt(name, 'BertNormalizer', 'normalizer', normalizer);
  if (divider?.type !== 'BertPreTokenizer') throw rebuilt(name, 'BertPreTokenizer', 'pre_tokenizer', divider);
  if (model.type !== 'WordPiece') throw rebuilt(name, 'WordPiece', 'model', model);
  if (model.continuing_subword_prefix !== '##' || model.max_input_chars_per_word !== 100) {
    throw refused(
      `names the class ${name}, which continues words with ## and takes 100 characters a word; tokenizer.json has ${model.continuing_subword_prefix} and ${model.max_input_chars_per_word}`,
    );
  }
  const lower = claims.do_lower_case ?? true;
  const accents = claims.strip_accents ?? lower;
  const apart = claims.tokenize_chinese_chars ?? true;
  const own = normalizer.strip_accents ?? normalizer.lowercase;
  for (const [field, claimed, there, value] of [
    ['do_lower_case', lower, 'lowercase', normalizer.lowercase],
    ['strip_accents', accents, 'strip_accents', own],
    ['tokenize_chinese_chars', apart, 'handle_chinese_chars', normalizer.handle_chinese_chars],
  ] as const) {
    if (claimed === value) continue;
    throw differs(
      claims[field] == null ? `${field} (absent, so by default)` : field,
      claimed,
      `normalizer.${there}`,
      value,
    );
  }
  if (!normalizer.clean_text)
    throw refused(`names the class ${name}, which cleans texts; normalizer.clean_text is false`);
  const [cls, sep] = [idOf(json, claims.cls_token ?? '[CLS]'), idOf(json, claims.sep_token ?? '[SEP]')];
  checkFrames(json, name, framesOf({ type: 'BertProcessing', cls: ['', cls], sep: ['', sep] }));
}

/** RoBERTa's and GPT-2's: byte-level BPE without a normalizer; GPT-2 keeps the post-processor of the file. */
function checkByteLevel(json: TokenizerJson, claims: Claims, name: string, family: 'roberta' | 'gpt2'): void {
  const { normalizer, pre_tokenizer: divider, model } = json;
  if (normalizer != null) throw rebuilt(name, 'no normalizer', 'normalizer', normalizer);
  if (divider?.type !== 'ByteLevel' || !divider.use_regex)
    throw rebuilt(name, 'ByteLevel', 'pre_tokenizer', divider);
  if (model.type !== 'BPE') throw rebuilt(name, 'BPE', 'model', model);
  const prefix = claims.add_prefix_space ?? false;
  if (prefix !== divider.add_prefix_space) {
    throw differs('add_prefix_space', prefix, 'pre_tokenizer.add_prefix_space', divider.add_prefix_space);
  }
  if (family === 'gpt2') return;
  const [cls, sep] = [idOf(json, claims.cls_token ?? '<s>'), idOf(json, claims.sep_token ?? '</s>')];
  checkFrames(json, name, robertaFrames(cls, sep));
}

/** XLM-RoBERTa's: Unigram with SentencePiece's table, words between blanks. */
function checkXlmRoberta(json: TokenizerJson, claims: Claims, name: string): void {
  const { normalizer, pre_tokenizer: divider, model } = json;
  if (model.type !== 'Unigram') throw rebuilt(name, 'Unigram', 'model', model);
  if (!isTable(normalizer)) throw rebuilt(name, 'Precompiled', 'normalizer', normalizer);
  const metaspace = wordsWithMetaspace(divider);
  if (metaspace === null) throw rebuilt(name, 'WhitespaceSplit and Metaspace', 'pre_tokenizer', divider);
  const prefix = claims.add_prefix_space ?? true;
  if (prefix !== (metaspace.prepend_scheme === 'always')) {
    throw differs('add_prefix_space', prefix, 'pre_tokenizer prepend_scheme', metaspace.prepend_scheme);
  }
  const [cls, sep] = [idOf(json, claims.bos_token ?? '<s>'), idOf(json, claims.eos_token ?? '</s>')];
  checkFrames(json, name, robertaFrames(cls, sep));
}

const robertaFrames = (cls: number, sep: number): Frames =>
  framesOf({
    type: 'RobertaProcessing',
    cls: ['', cls],
    sep: ['', sep],
    trim_offsets: true,
    add_prefix_space: false,
  });

/** The table of SentencePiece; that blanks are made one beside it changes nothing, since words are taken apart at them. */
function isTable(normalizer: Normalizer | null | undefined): boolean {
  if (normalizer == null || normalizer.type === 'Precompiled') return true;
  if (normalizer.type !== 'Sequence') return false;
  return normalizer.normalizers.every(
    (part) =>
      part.type === 'Precompiled' ||
      (part.type === 'Replace' &&
        JSON.stringify([part.pattern, part.content]) === JSON.stringify([{ Regex: ' {2,}' }, ' '])),
  );
}

function wordsWithMetaspace(
  divider: PreTokenizer | null | undefined,
): Extract<PreTokenizer, { type: 'Metaspace' }> | null {
  if (divider?.type !== 'Sequence' || divider.pretokenizers.length !== 2) return null;
  const [first, second] = divider.pretokenizers;
  if (first?.type !== 'WhitespaceSplit' || second?.type !== 'Metaspace') return null;
  return second.replacement === '▁' && second.split && second.prepend_scheme !== 'first' ? second : null;
}

function idOf({ model, added_tokens: added }: TokenizerJson, token: string): number {
  const own = Array.isArray(model.vocab)
    ? model.vocab.findIndex(([content]) => content === token)
    : Object.hasOwn(model.vocab, token)
      ? model.vocab[token]!
      : -1;
  const id = own >= 0 ? own : added?.find(({ content }) => content === token)?.id;
  if (id === undefined) throw refused(`needs the token "${token}", which tokenizer.json does not have`);
  return id;
}

function checkFrames({ post_processor: processor }: TokenizerJson, name: string, wanted: Frames): void {
  const found = framesOf(processor);
  if (JSON.stringify(found) === JSON.stringify(wanted)) return;
  throw refused(
    `names the class ${name}, whose special tokens are ${shown(wanted)}; post_processor of tokenizer.json puts ${shown(found)}`,
  );
}

/** Ids and types around texts A and B. */
const shown = ({ single, pair }: Frames): string =>
  [single, pair]
    .map((frame) => frame.map((p) => `${p.kind === 'special' ? p.id : 'AB'[p.text]}:${p.segment}`).join(' '))
    .join(' and ');

const rebuilt = (
  name: string,
  wanted: string,
  field: string,
  found: { readonly type: string } | null | undefined,
) =>
  refused(
    `names the class ${name}, which transformers builds with ${wanted}; ${field} of tokenizer.json is ${found?.type ?? 'null'}`,
  );

const differs = (field: string, claimed: unknown, there: string, value: unknown) =>
  refused(`says ${field} ${String(claimed)}; ${there} of tokenizer.json is ${String(value)}`);

const refused = (what: string) =>
  new StrataError(
    'bad-model',
    `tokenizer_config.json ${what}.`,
    'transformers would read texts otherwise than tokenizer.json says. Where Python is right, write both files anew: ' +
      `python -c "from transformers import AutoTokenizer; AutoTokenizer.from_pretrained('MODEL').save_pretrained('MODEL')". ` +
      'Where tokenizer.json is right, set tokenizer_class to PreTrainedTokenizerFast, or correct the field.',
  );
