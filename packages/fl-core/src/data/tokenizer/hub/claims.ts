import { z } from 'zod';
import { differs, refused } from './claim-refusal.ts';
import { checkBert, checkByteLevel, checkXlmRoberta } from './families.ts';
import type { TokenizerJson } from './parts.ts';

/**
 * What the files beside `tokenizer.json` claim of a tokenizer. transformers builds the tokenizers of BERT, RoBERTa, GPT-2 and
 * XLM-RoBERTa anew from what stands there, and takes no more than the vocabulary from `tokenizer.json`: where the two
 * disagree, a model would see other tokens in Python than it was trained on here.
 */
const TokenName = z.union([z.string(), z.looseObject({ content: z.string() }).transform((t) => t.content)]);

/** Special tokens by their use, as both files name them. */
const uses = [
  'bos_token',
  'eos_token',
  'unk_token',
  'sep_token',
  'pad_token',
  'cls_token',
  'mask_token',
] as const;
const TokenList = z.union([z.array(TokenName), z.record(z.string(), TokenName)]);
const Specials = {
  bos_token: TokenName.nullish(),
  eos_token: TokenName.nullish(),
  unk_token: TokenName.nullish(),
  sep_token: TokenName.nullish(),
  pad_token: TokenName.nullish(),
  cls_token: TokenName.nullish(),
  mask_token: TokenName.nullish(),
  additional_special_tokens: TokenList.nullish(),
  extra_special_tokens: TokenList.nullish(),
};
const SpecialTokens = z.looseObject(Specials);
type SpecialTokens = z.infer<typeof SpecialTokens>;

const AddedTokens = z.record(z.string(), z.unknown());

const Claims = z.looseObject({
  tokenizer_class: z.string().nullish(),
  do_lower_case: z.boolean().nullish(),
  strip_accents: z.boolean().nullish(),
  tokenize_chinese_chars: z.boolean().nullish(),
  add_prefix_space: z.boolean().nullish(),
  truncation_side: z.enum(['left', 'right']).nullish(),
  split_special_tokens: z.boolean().nullish(),
  ...Specials,
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

const ModelConfig = z.looseObject({ tokenizer_class: z.string().nullish() });

/** Files that say something of a tokenizer, as JSON; null or absent where there is none. */
export interface Beside {
  /** `tokenizer_config.json`. */
  readonly config?: unknown;
  /** `config.json` of the model, which names the class where the former does not. */
  readonly modelConfig?: unknown;
  /** The class that transformers takes for the model where no file names one. */
  readonly usualClass?: string | null;
  /** `special_tokens_map.json`. */
  readonly specialTokens?: unknown;
  /** `added_tokens.json`. */
  readonly addedTokens?: unknown;
}

/**
 * Holds `tokenizer.json` against what stands beside it.
 *
 * @throws StrataError `bad-model` with both values
 */
export function checkClaims(json: TokenizerJson, beside: Beside): void {
  const own = parsed(Claims, beside.config, 'tokenizer_config.json');
  const map = parsed(SpecialTokens, beside.specialTokens, mapFile);
  for (const use of uses) {
    if (own[use] == null || map[use] == null || own[use] === map[use]) continue;
    throw refused(`says that the ${use} is "${own[use]}"; ${mapFile} says "${map[use]}"`);
  }
  const claims = { ...own, ...Object.fromEntries(uses.map((use) => [use, own[use] ?? map[use]])) };
  checkTokens(json, own, 'tokenizer_config.json');
  checkTokens(json, map, mapFile);
  for (const token of Object.values(own.added_tokens_decoder ?? {})) {
    checkToken(json, 'added_tokens_decoder', token, 'tokenizer_config.json');
  }
  for (const token of Object.keys(parsed(AddedTokens, beside.addedTokens, 'added_tokens.json'))) {
    checkToken(json, 'token', token, 'added_tokens.json');
  }
  checkSides(json, claims);
  const model = ModelConfig.safeParse(beside.modelConfig ?? {});
  const name =
    claims.tokenizer_class ?? (model.success ? model.data.tokenizer_class : null) ?? beside.usualClass;
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

const mapFile = 'special_tokens_map.json';

function parsed<S extends z.ZodType>(schema: S, json: unknown, file: string): z.output<S> {
  const read = schema.safeParse(json ?? {});
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw refused(`has ${issue?.path.join('.') || 'no object'}: ${issue?.message}`, file);
}

/** transformers adds each special token that `tokenizer.json` does not know as one, and finds it in texts. */
function checkTokens(json: TokenizerJson, claims: SpecialTokens, file: string): void {
  for (const use of uses) checkToken(json, use, claims[use], file);
  for (const field of ['additional_special_tokens', 'extra_special_tokens'] as const) {
    for (const token of Object.values(claims[field] ?? {})) checkToken(json, field, token, file);
  }
}

function checkToken(
  json: TokenizerJson,
  field: string,
  token: string | null | undefined,
  file: string,
): void {
  if (token == null || json.added_tokens?.some(({ content }) => content === token)) return;
  throw refused(`names the ${field} "${token}", which is not among added_tokens of tokenizer.json`, file);
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
