"""What Hugging Face's `tokenizers` makes of every component of a tokenizer.json, for
packages/fl-core/src/data/tokenizer/hub: each normalizer, pre-tokenizer, model and post-processor with its options, and
added tokens, on odd texts; and on every character that Unicode 14 has, as hashes. It also writes the sets of characters
that Rust's tables are of (Unicode 8 for the most part), which JavaScript's regular expressions cannot name.

    pip install tokenizers==0.23.3 transformers==5.24.0
    python experiments/oracles/tokenizer-components.py packages/fl-core/src/data/tokenizer

experiments/oracles/tokenizer-library.ts shows beside it what the JavaScript library by itself would give.
"""

import hashlib
import json
import sys
import unicodedata
from pathlib import Path

import tokenizers
from tokenizers import Tokenizer, normalizers, pre_tokenizers

out = Path(sys.argv[1])

TEXTS = [
    "",
    " ",
    "The quick brown fox",
    "  leading and   inner  spaces  ",
    "tabs\tand\nnew lines\r\n\r\nand more",
    "I can't, won't; she'll've: it's 12.50, 1,000!",
    "UPPER MiXeD İstanbul ǅ ẞ straße ΟΔΟΣ ΣΑΣ σας. ΑΣ.Β",
    "Größe naïve café — “quoted” … ½ ﬁ ª ²³¹",
    "e\u0301 vs \u00e9, a\u0308\u0323, \u0130\u0307",
    "日本語のテキスト、中文。㋿ ㈱ ｱ",
    "русский עברית العربية हिन्दी ไทย สวัสดี বাংলা৾ ౘ఼",
    "emoji 😀 👩‍👩‍👧‍👦 🏳️‍🌈 ✈️ 🇧🇷 ❤️",
    "zero\u200bwidth\u200d nbsp\u00a0thin\u2009soft\u00ad\ufeffbom",
    "\ufeffbom first and \ufeff alone",
    "control\u0000\u0001\u001b\u0007\u007f chars\u0085next\u2028line\ufffd",
    "[CLS] in [SEP] <s> </s> <pad> [PAD] <mask>[MASK] [UNK] <unk>",
    "a_b snake_case x‿y __init__",
    "1234567890 ١٢٣ ⅷ ² ½ ১২৩ ๑๒",
    "!?.,;:-_()[]{}<>\\/|`~^*&%$#@+=\"'«»¿、。⹃⸮",
    "x\U00020000y\U0002b820z\U0002b920w\U0002ebf0 㐀 豈 丽",
    "ab-cd--ef- -",
    "▁ under ▁▁line a▁b ▁",
    "one\u3000ideographic\u3000space",
    "'S 'T it'ſ DON'T 'LL",
    "a\n\nb\n \nc",
    "\u1680ogham\u180emongol\u200e\u200fmarks",
]

NORMALIZERS = {
    "BertNormalizer, uncased": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
    "BertNormalizer, cased": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": False},
    "BertNormalizer, accents kept": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": False, "lowercase": True},
    "BertNormalizer, accents alone": {"type": "BertNormalizer", "clean_text": False, "handle_chinese_chars": False, "strip_accents": True, "lowercase": False},
    "NFC": {"type": "NFC"},
    "NFD": {"type": "NFD"},
    "NFKC": {"type": "NFKC"},
    "NFKD": {"type": "NFKD"},
    "Lowercase": {"type": "Lowercase"},
    "StripAccents": {"type": "StripAccents"},
    "Nmt": {"type": "Nmt"},
    "ByteLevel": {"type": "ByteLevel"},
    "Strip": {"type": "Strip", "strip_left": True, "strip_right": True},
    "Strip, left": {"type": "Strip", "strip_left": True, "strip_right": False},
    "Strip, right": {"type": "Strip", "strip_left": False, "strip_right": True},
    "Prepend": {"type": "Prepend", "prepend": "▁"},
    "Replace, string": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
    "Replace, string with $": {"type": "Replace", "pattern": {"String": "."}, "content": "$&$1"},
    "Replace, expression": {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
    "Replace, sets": {"type": "Replace", "pattern": {"Regex": "[\\n\\r\\t]+|[^\\S\\n]{2,}"}, "content": "_"},
    "Sequence": {"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "Lowercase"}, {"type": "StripAccents"}]},
}

BEHAVIOURS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]
GPT4 = "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

PRE_TOKENIZERS = {
    "BertPreTokenizer": {"type": "BertPreTokenizer"},
    "Whitespace": {"type": "Whitespace"},
    "WhitespaceSplit": {"type": "WhitespaceSplit"},
    "ByteLevel": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
    "ByteLevel, prefix": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
    "ByteLevel, no expression": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False},
    "Metaspace, always": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
    "Metaspace, never": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never", "split": True},
    "Metaspace, first": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": True},
    "Metaspace, whole": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": False},
    "Metaspace, older": {"type": "Metaspace", "replacement": "▁", "add_prefix_space": True, "str_rep": "▁"},
    **{f"Punctuation, {b}": {"type": "Punctuation", "behavior": b} for b in BEHAVIOURS},
    "Digits": {"type": "Digits", "individual_digits": False},
    "Digits, individual": {"type": "Digits", "individual_digits": True},
    "CharDelimiterSplit": {"type": "CharDelimiterSplit", "delimiter": "-"},
    "FixedLength": {"type": "FixedLength", "length": 3},
    **{f"Split, {b}": {"type": "Split", "pattern": {"Regex": "\\s|[-.,!]"}, "behavior": b, "invert": False} for b in BEHAVIOURS},
    **{f"Split inverted, {b}": {"type": "Split", "pattern": {"Regex": "\\p{L}+"}, "behavior": b, "invert": True} for b in BEHAVIOURS},
    "Split, string": {"type": "Split", "pattern": {"String": "a."}, "behavior": "Isolated", "invert": False},
    "Split, GPT-4": {"type": "Split", "pattern": {"Regex": GPT4}, "behavior": "Isolated", "invert": False},
    "Sequence": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}]},
    "Sequence, first": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": True}]},
    "Sequence, digits": {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": True}, {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}]},
}

EMPTY = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None, "pre_tokenizer": None, "post_processor": None, "decoder": None}
WORDS = {"type": "WordLevel", "vocab": {"[UNK]": 0}, "unk_token": "[UNK]"}


def opened(**parts):
    return Tokenizer.from_str(json.dumps({**EMPTY, "model": WORDS, **parts}))


def rows(components, of):
    return {
        name: {"json": component, "texts": [of(component, text) for text in TEXTS]}
        for name, component in components.items()
    }


def normalized(component, text):
    return opened(normalizer=component).normalizer.normalize_str(text)


def divided(component, text):
    return [piece for piece, _ in opened(pre_tokenizer=component).pre_tokenizer.pre_tokenize_str(text)]


# Models, on pieces between blanks.
LETTERS = "abcdefghijklmnopqrstuvwxyzTHEIUMX0123456789.,!?'-"
PIECES = ["the", "th", "he", "qu", "ick", "quick", "in", "ing", "and", "an", "sp", "ace", "spaces", "ll", "ee", "00", "on"]


def wordpiece(**more):
    vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *LETTERS, *[f"##{c}" for c in LETTERS], *PIECES, *[f"##{p}" for p in PIECES]]
    return {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": {t: i for i, t in enumerate(vocab)}, **more}


MERGES = ["t h", "th e", "i n", "in g", "a n", "an d", "h e", "q u", "l l", "e e", "0 0", "n g", "s p", "a c", "ac e", "o n", "▁ t", "▁t h", "▁ a", "qu i", "e r"]


def bpe(extra=(), suffix="", **more):
    merges = [m + suffix if m in ("in g", "an d") and suffix else m for m in MERGES]
    tokens = ["<unk>", "▁", *LETTERS, *[c + suffix for c in LETTERS if suffix], *[m.replace(" ", "") for m in merges], *extra]
    vocab = {t: i for i, t in enumerate(dict.fromkeys(tokens))}
    return {"type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None, "end_of_word_suffix": suffix or None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False, "vocab": vocab, "merges": merges, **more}


BYTES = [f"<0x{b:02X}>" for b in range(256)]


def unigram(**more):
    pieces = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -3.0)]
    pieces += [(c, -4.0 - i * 0.01) for i, c in enumerate(LETTERS)]
    pieces += [(p, -5.0 - i * 0.1) for i, p in enumerate(PIECES)] + [("▁the", -5.0), ("▁an", -5.5), ("aa", -8.0), ("aaa", -12.0)]
    return {"type": "Unigram", "unk_id": 3, "vocab": pieces, "byte_fallback": False, **more}


MODELS = {
    "WordPiece": (wordpiece(), "WhitespaceSplit"),
    "WordPiece, short words": (wordpiece(max_input_chars_per_word=5), "WhitespaceSplit"),
    "WordPiece, other prefix": (wordpiece(continuing_subword_prefix=""), "WhitespaceSplit"),
    "WordLevel": ({"type": "WordLevel", "vocab": {t: i for i, t in enumerate(["[UNK]", "The", "and", "in", "1234567890"])}, "unk_token": "[UNK]"}, "WhitespaceSplit"),
    "BPE": (bpe(), "WhitespaceSplit"),
    "BPE, no unknown token": (bpe(unk_token=None), "WhitespaceSplit"),
    "BPE, no unknown token, over blanks": (bpe(unk_token=None), "Metaspace"),
    "BPE, bytes of some, no unknown token": (bpe(extra=BYTES[:0xC4], byte_fallback=True, unk_token=None), "WhitespaceSplit"),
    "BPE, unknown ones fused": (bpe(fuse_unk=True), "WhitespaceSplit"),
    "BPE, bytes": (bpe(extra=BYTES, byte_fallback=True), "WhitespaceSplit"),
    "BPE, merges ignored": (bpe(extra=["and", "leading", "fox"], ignore_merges=True), "WhitespaceSplit"),
    "BPE, end of words": (bpe(suffix="</w>"), "WhitespaceSplit"),
    "BPE over blanks": (bpe(), "Metaspace"),
    "Unigram": (unigram(), "WhitespaceSplit"),
    "Unigram over blanks": (unigram(), "Metaspace"),
}
MODEL_TEXTS = [*TEXTS, "aaaa aaaaa aaa the quickest thing", "x" * 120 + " end", "thethe quiquick 0000 ll.ll!", "éé aé é", "téhe iñng тthт aїnd l日l"]
DIVIDERS = {"WhitespaceSplit": PRE_TOKENIZERS["WhitespaceSplit"], "Metaspace": PRE_TOKENIZERS["Metaspace, whole"]}


def model_rows():
    for name, (model, divider) in MODELS.items():
        parts = {"model": model, "pre_tokenizer": DIVIDERS[divider]}
        tokenizer = opened(**parts)
        yield name, {"json": parts, "ids": [tokenizer.encode(text).ids for text in MODEL_TEXTS]}


# Added tokens.
def token(content, id, **more):
    return {"id": id, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True, **more}


SIZE = len(wordpiece()["vocab"])
BERT = {"model": wordpiece(), "normalizer": NORMALIZERS["BertNormalizer, uncased"], "pre_tokenizer": PRE_TOKENIZERS["BertPreTokenizer"]}
ADDED = {
    "in the vocabulary": [token("[CLS]", 2), token("[SEP]", 3)],
    "behind it": [token("<new>", SIZE), token("<newer>", SIZE + 1)],
    "the longest first": [token("ne", SIZE), token("new", SIZE + 1), token("newer", SIZE + 2)],
    "single words": [token("cat", SIZE, single_word=True), token("+1", SIZE + 1, single_word=True)],
    "blanks before": [token("<mask>", SIZE, lstrip=True)],
    "blanks behind": [token("<mask>", SIZE, rstrip=True)],
    "blanks on both sides": [token("<mask>", SIZE, lstrip=True, rstrip=True), token("<x>", SIZE + 1)],
    "normalized": [token("Café", SIZE, normalized=True, special=False), token("NEW_Token", SIZE + 1, normalized=True, special=False)],
    "normalized, blanks": [token("Mask", SIZE, normalized=True, lstrip=True, rstrip=True, special=False)],
    "normalized and not": [token("abc", SIZE, normalized=True, special=False), token("ABC", SIZE + 1)],
    "a blank in it": [token("new york", SIZE, normalized=True, special=False), token("the end", SIZE + 1)],
}
ADDED_TEXTS = [
    "[CLS] the [SEP][SEP] quick[CLS]",
    "<new><newer> a<new>b < new >",
    "newest newer new nene",
    "cat concat cat. cats _cat cat_ (cat) +1 a+1 +12 +1",
    "the   <mask>  and<mask> <mask>\t<x> <mask>",
    "Café café CAFE\u0301 cafe naïve NEW_Token new_token",
    "the   MASK   and mask",
    "abc ABC Abc xABCy",
    "New York new  york the end The end",
    "  <mask>",
    "<mask>",
    "",
]

# Post-processors, by ids of the same vocabulary.
TEMPLATE = {
    "type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
    "pair": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
    "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]}, "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}},
}
PROCESSORS = {
    "none": None,
    "ByteLevel": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False},
    "BertProcessing": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
    "BertProcessing, other ids": {"type": "BertProcessing", "sep": ["[SEP]", 7], "cls": ["[CLS]", 8]},
    "RobertaProcessing": {"type": "RobertaProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2], "trim_offsets": True, "add_prefix_space": False},
    "TemplateProcessing": TEMPLATE,
    "TemplateProcessing, two ids": {**TEMPLATE, "special_tokens": {**TEMPLATE["special_tokens"], "[CLS]": {"id": "[CLS]", "ids": [2, 9], "tokens": ["[CLS]", "x"]}}},
    "Sequence": {"type": "Sequence", "processors": [{"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False}, TEMPLATE]},
}
PAIRS = [("the quick", "and"), ("and", "the quick spaces"), ("", "the"), ("the", "")]


def processor_rows():
    for name, processor in PROCESSORS.items():
        tokenizer = opened(**BERT, post_processor=processor)
        pairs = [tokenizer.encode(a, b) for a, b in PAIRS]
        yield name, {
            "json": processor,
            "single": tokenizer.encode(PAIRS[0][0]).ids,
            "pairs": [{"ids": p.ids, "types": p.type_ids} for p in pairs],
        }


def cut_rows():
    for direction in ("Right", "Left"):
        truncation = {"direction": direction, "max_length": 6, "strategy": "LongestFirst", "stride": 0}
        tokenizer = opened(**BERT, post_processor=TEMPLATE, truncation=truncation)
        pair = tokenizer.encode("the quick spaces", "and the end")
        yield direction, {"single": tokenizer.encode("the quick spaces and").ids, "pair": pair.ids, "types": pair.type_ids}


# Every character that Unicode 14 has, one a line between letters.
ASSIGNED = [c for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cn", "Cs") and not 0xE000 <= c <= 0xF8FF and c < 0xF0000]
EVERY = {name: NORMALIZERS[name] for name in ("BertNormalizer, uncased", "BertNormalizer, cased", "BertNormalizer, accents alone", "NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt", "ByteLevel", "Strip")}
EVERY_DIVIDED = {name: PRE_TOKENIZERS[name] for name in ("BertPreTokenizer", "Whitespace", "WhitespaceSplit", "ByteLevel", "Punctuation, Isolated", "Digits", "Split, GPT-4")}


def digest(values):
    return hashlib.sha256("\n".join(values).encode()).hexdigest()


def every():
    assert unicodedata.unidata_version.startswith("14.")
    for name, component in EVERY.items():
        part = opened(normalizer=component).normalizer
        yield name, {"json": component, "sha256": digest(part.normalize_str(f"a{chr(c)}b") for c in ASSIGNED)}
    for name, component in EVERY_DIVIDED.items():
        part = opened(pre_tokenizer=component).pre_tokenizer
        pieces = ("|".join(piece for piece, _ in part.pre_tokenize_str(f"a{chr(c)}b")) for c in ASSIGNED)
        yield f"{name} (pieces)", {"json": component, "pieces": True, "sha256": digest(pieces)}


# Sets of characters.
def ranges(characters):
    result = []
    for c in sorted(characters):
        if result and result[-1][1] == c - 1:
            result[-1][1] = c
        else:
            result.append([c, c])
    return result


DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def base36(n):
    return (base36(n // 36) if n >= 36 else "") + DIGITS[n % 36]


def packed(characters):
    at, parts = 0, []
    for start, end in ranges(characters):
        parts += [base36(start - at), base36(end - start)]
        at = end
    return " ".join(parts)


SCALARS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]


def removed_by(normalizer):
    return [c for c in SCALARS if normalizer.normalize_str(f"a{chr(c)}b") == "ab"]


def bert_alone(**which):
    return normalizers.BertNormalizer(**{**dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False), **which})


def isolated_by(divider):
    return [c for c in SCALARS if len(divider.pre_tokenize_str(f"a{chr(c)}b")) == 3]


# What JavaScript (ICU 77) decomposes and Rust does not.
NEWLY_DECOMPOSED = "105c9 105e4 11383 11385 1138e 11391 113c5 113c7-113c8 11938 16121-16128 16d68-16d6a"
NEWLY_COMPATIBLE = f"{NEWLY_DECOMPOSED} 32ff a7f1-a7f4 ab69 10781-10785 10787-107b0 107b2-107ba 1ccd6-1ccf9 1e030-1e06d 1f16c 1fbf0-1fbf9"


def spelled(text):
    for part in text.split(" "):
        first, _, last = part.partition("-")
        yield from range(int(first, 16), int(last or first, 16) + 1)


SETS = {
    "control": removed_by(bert_alone(clean_text=True)),
    "nonspacing": removed_by(bert_alone(strip_accents=True)),
    "mark": removed_by(normalizers.StripAccents()),
    "punctuation": isolated_by(pre_tokenizers.BertPreTokenizer()),
    "newlyDecomposed": list(spelled(NEWLY_DECOMPOSED)),
    "newlyCompatible": list(spelled(NEWLY_COMPATIBLE)),
}
lines = ["/** Written by experiments/oracles/tokenizer-components.py: sets of characters as steps and lengths in base 36. */", "export const packed = {"]
lines += [f"  {name}:\n    '{packed(characters)}'," for name, characters in SETS.items()]
(out / "hub" / "character-sets.ts").write_text("\n".join(lines) + "\n} as const;\n")

fixtures = {
    "tokenizers": tokenizers.__version__,
    "texts": TEXTS,
    "normalizers": rows(NORMALIZERS, normalized),
    "preTokenizers": rows(PRE_TOKENIZERS, divided),
    "modelTexts": MODEL_TEXTS,
    "models": dict(model_rows()),
    "bert": BERT,
    "addedTexts": ADDED_TEXTS,
    "added": {name: {"tokens": tokens, "ids": [opened(**BERT, added_tokens=tokens).encode(t).ids for t in ADDED_TEXTS]} for name, tokens in ADDED.items()},
    "pairs": PAIRS,
    "processors": dict(processor_rows()),
    "template": TEMPLATE,
    "cut": dict(cut_rows()),
    "assigned": packed(ASSIGNED),
    "every": dict(every()),
}
(out / "fixtures" / "components.json").write_text(json.dumps(fixtures, ensure_ascii=False, separators=(",", ":")) + "\n")
