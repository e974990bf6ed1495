"""References for the tokenizers of imported models: tokenizer.json files of the kinds that BERT, RoBERTa, GPT-2 and
XLM-RoBERTa have, trained on a few sentences, and what Python gives to odd strings: `tokenizers` the ids of single
texts, `transformers` the ids and token types of pairs, cut longest first. A tokenizer.json that is there is kept:
training WordPiece twice gives two vocabularies.

    pip install tokenizers==0.23.3 sentencepiece==0.2.3 protobuf transformers
    python experiments/oracles/tokenizer-ids.py packages/fl-core/src/data/tokenizer/fixtures/hub
"""

import io
import json
import sys
import tempfile
from pathlib import Path

import sentencepiece
import tokenizers
import transformers
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

CORPUS = [
    "The quick brown fox jumps over the lazy dog.",
    "She sells sea shells on the sea shore; the shells she sells are sea shells, I'm sure.",
    "Federated learning trains a model on data that never leaves the device.",
    "My card was declined, what should I do? I can't pay 12.50 euros or 1,000 dollars!",
    "Größe, naïve café, São Paulo, Ελληνικά, русский, 日本語のテキスト, 한국어, עברית",
]

TEXTS = [
    "",
    " ",
    "The quick brown fox",
    "  leading and   inner  spaces  ",
    "tabs\tand\nnew lines\r\n\r\nand more",
    "I can't, won't; she'll've: it's 12.50, 1,000!",
    "UPPER lower MiXeD İstanbul ǅ",
    "Größe naïve café — São “quoted” … ½ ﬁ",
    "e\u0301 combining, \u00e9 composed, a\u0308\u0323",
    "日本語のテキスト and 中文",
    "русский Ελληνικά עברית العربية हिन्दी ไทย",
    "emoji 😀 👩‍👩‍👧‍👦 🏳️‍🌈 ✈️ 🇧🇷",
    "zero\u200bwidth\u200d nbsp\u00a0thin\u2009soft\u00ad\ufeffbom",
    "control\u0000\u0001\u001b chars\u0085\u2028",
    "[CLS] in text [SEP] <s> </s> <pad> [PAD] <|endoftext|> <mask>[MASK]",
    "https://example.org/a?b=c&d=%20#e user@example.org @name #tag",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "x" * 250,
    "1234567890 ١٢٣ ⅷ ²",
    "!?.,;:-_()[]{}<>\\/|`~^*&%$#@+=\"'",
    "unseen 龘 \U0001f9ff \U00020000 \u0378",
    "▁ underline Ġ byte marker Ċ",
    "one\u3000ideographic\u3000space。句",
]

PAIRS = [
    ("The quick brown fox", "jumps over the lazy dog."),
    ("Short.", "She sells sea shells on the sea shore; the shells she sells are sea shells, I'm sure."),
    ("She sells sea shells on the sea shore; the shells she sells are sea shells, I'm sure.", "Short."),
    ("the same text", "the same text"),
    ("[SEP] </s> inside", "Größe naïve café — “quoted” 日本語"),
    ("emoji 😀 👩‍👩‍👧‍👦", "tabs\tand\nnew lines  "),
]
# Room for special tokens only, for odd and even numbers of others, and for all.
PAIR_LENGTHS = [4, 5, 8, 9, 13, 20, 21, 1000]


def bert():
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=220, special_tokens=special))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def byte_level(special, size=340):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=special, initial_alphabet=alphabet)
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def roberta():
    tokenizer = byte_level(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return tokenizer


def gpt2():
    tokenizer = byte_level(["<|endoftext|>"])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


# Rules of a normalisation table in hexadecimal code points: ligatures, half and full width, spaces, what is dropped,
# a pair that is composed, one longer than a lookup, and a key that another begins with. SentencePiece's own
# table (nmt_nfkc) has 240 kB.
RULES = """FB01\t66 69
BD\t31 2F 32
FF01\t21
3000\t20
A0\t20
2009\t20
200B\t20
2028\t20
85\t20
9\t20
A\t20
D\t20
AD\t
FEFF\t
1\t
1B\t
65 301\tE9
61 308 323\t1EA1 308
2026\t2E 2E 2E
1F600\t3A 29
2177\t76 69 69 69
B2\t32
"""


def xlm_roberta():
    with tempfile.TemporaryDirectory() as temporary:
        rules = Path(temporary) / "rules.tsv"
        rules.write_text(RULES)
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(CORPUS * 3),
            model_writer=model,
            vocab_size=150,
            character_coverage=1.0,
            normalization_rule_tsv=str(rules),
            hard_vocab_limit=False,
            minloglevel=2,
        )
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(model.getvalue())
    # The ids of fairseq: four special tokens first, then the pieces without SentencePiece's own three.
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    pieces = [(token, 0.0) for token in special] + [(p.piece, p.score) for p in proto.pieces[3:]]
    tokenizer = Tokenizer(models.Unigram([*pieces, ("<mask>", 0.0)], unk_id=3))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    metaspace = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), metaspace])
    tokenizer.add_special_tokens([*special, "<mask>"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    return tokenizer


def pairs(tokenizer):
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer)
    for first, second in PAIRS:
        for length in PAIR_LENGTHS:
            cut = fast(first, second, truncation=True, max_length=length, return_token_type_ids=True)
            yield {
                "first": first,
                "second": second,
                "length": length,
                "ids": cut["input_ids"],
                "types": cut["token_type_ids"],
            }


out = Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
for make in (bert, roberta, gpt2, xlm_roberta):
    name = make.__name__.replace("_", "-")
    file = out / f"{name}.tokenizer.json"
    if not file.exists():
        make().save(str(file), pretty=False)
    tokenizer = Tokenizer.from_file(str(file))
    reference = {
        "tokenizers": tokenizers.__version__,
        "transformers": transformers.__version__,
        "texts": [{"text": text, "ids": tokenizer.encode(text).ids} for text in TEXTS],
        # Cut as transformers does: the special tokens stay.
        "cut": [],
        # GPT-2 puts two texts one behind the other and nothing between: no form for pairs.
        "pairs": [] if make is gpt2 else list(pairs(tokenizer)),
    }
    for length in (3, 6):
        tokenizer.enable_truncation(length)
        text = TEXTS[5]
        reference["cut"].append({"text": text, "length": length, "ids": tokenizer.encode(text).ids})
    (out / f"{name}.ids.json").write_text(json.dumps(reference) + "\n")
