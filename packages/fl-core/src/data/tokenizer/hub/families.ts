import { differs, refused } from './claim-refusal.ts';
import { type Frames, framesOf } from './frame.ts';
import type { Normalizer, PreTokenizer, TokenizerJson } from './parts.ts';

/** How transformers builds the tokenizers of some architectures, whatever else `tokenizer.json` says. */

/** What it builds them from. */
interface Claims {
  readonly do_lower_case?: boolean | null | undefined;
  readonly strip_accents?: boolean | null | undefined;
  readonly tokenize_chinese_chars?: boolean | null | undefined;
  readonly add_prefix_space?: boolean | null | undefined;
  readonly bos_token?: string | null | undefined;
  readonly eos_token?: string | null | undefined;
  readonly cls_token?: string | null | undefined;
  readonly sep_token?: string | null | undefined;
}

/** BERT's: WordPiece, its normalizer with three options, one class token and one separator or two. */
export function checkBert(json: TokenizerJson, claims: Claims, name: string): void {
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
export function checkByteLevel(
  json: TokenizerJson,
  claims: Claims,
  name: string,
  family: 'roberta' | 'gpt2',
): void {
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
export function checkXlmRoberta(json: TokenizerJson, claims: Claims, name: string): void {
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
