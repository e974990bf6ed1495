"""Which claims of tokenizer_config.json change what transformers makes of a tokenizer.json: for
packages/fl-core/src/data/tokenizer/hub/claims.test.ts, whether AutoTokenizer gives the ids of the file by itself.

    pip install tokenizers==0.23.3 transformers==5.24.0
    python experiments/oracles/tokenizer-claims.py packages/fl-core/src/data/tokenizer/fixtures
"""

import json
import os
import sys
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
import transformers
from tokenizers import Tokenizer
from transformers import AutoTokenizer

transformers.logging.set_verbosity_error()
fixtures = Path(sys.argv[1])
components = json.loads((fixtures / "components.json").read_text())
EMPTY = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None, "pre_tokenizer": None, "post_processor": None, "decoder": None}
TEXTS = [*components["texts"], *components["addedTexts"]]


def special(content, id):
    return {"id": id, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}


BERT = components["bert"]
ids = BERT["model"]["vocab"]
lower = {**EMPTY, **BERT, "added_tokens": [special(t, ids[t]) for t in ("[PAD]", "[UNK]", "[CLS]", "[SEP]")] + [special("[MASK]", len(ids))], "post_processor": components["template"]}
cased = {**lower, "normalizer": {**BERT["normalizer"], "lowercase": False}}

model = components["models"]["BPE"]["json"]["model"]
alphabet = sorted(set("".join(components["normalizers"]["ByteLevel"]["texts"])))
vocab = {t: i for i, t in enumerate(dict.fromkeys(["<s>", "<pad>", "</s>", "<unk>", "<mask>", "<|endoftext|>", *alphabet, *model["vocab"]]))}
byte_level = {
    **EMPTY,
    "model": {**model, "vocab": vocab, "unk_token": None},
    "pre_tokenizer": components["preTokenizers"]["ByteLevel"]["json"],
    "added_tokens": [special(t, vocab[t]) for t in ("<s>", "<pad>", "</s>", "<unk>", "<mask>", "<|endoftext|>")],
}
roberta = {**byte_level, "post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0], "trim_offsets": True, "add_prefix_space": False}}
gpt2 = {**byte_level, "post_processor": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True}}
hub = json.loads((fixtures / "hub" / "xlm-roberta.tokenizer.json").read_text())

FAST = "PreTrainedTokenizerFast"
NFC = components["normalizers"]["NFC"]["json"]
BASES = {"lower": ("bert", lower), "cased": ("bert", cased), "distilbert": ("distilbert", lower), "roberta": ("roberta", roberta), "gpt2": ("gpt2", gpt2), "xlm-roberta": ("xlm-roberta", hub)}
# Base, what is changed in tokenizer.json, tokenizer_config.json.
CASES = [
    *[(base, {}, config) for base in ("lower", "cased") for config in (
        None, {}, {"tokenizer_class": "BertTokenizer"}, {"tokenizer_class": "BertTokenizerFast", "do_lower_case": False},
        {"do_lower_case": True}, {"do_lower_case": False}, {"tokenizer_class": FAST}, {"tokenizer_class": FAST, "do_lower_case": True},
        {"tokenizer_class": "TokenizersBackend", "do_lower_case": False}, {"tokenizer_class": "DistilBertTokenizer"},
        {"tokenizer_class": "ElectraTokenizerFast"}, {"tokenizer_class": "MPNetTokenizer"},
        {"do_lower_case": True, "strip_accents": False}, {"do_lower_case": False, "strip_accents": True}, {"tokenize_chinese_chars": False},
    )],
    ("lower", {}, {"mask_token": "[MASK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}),
    ("lower", {}, {"additional_special_tokens": ["quick"]}),
    ("lower", {}, {"pad_token": "brown"}),
    ("lower", {}, {"added_tokens_decoder": {str(len(ids)): {**special("[MASK]", 0)}}}),
    ("lower", {"normalizer": NFC}, {}),
    ("lower", {"normalizer": NFC}, {"tokenizer_class": FAST}),
    ("lower", {"pre_tokenizer": components["preTokenizers"]["Whitespace"]["json"]}, {}),
    ("lower", {"pre_tokenizer": components["preTokenizers"]["Whitespace"]["json"]}, {"tokenizer_class": FAST}),
    ("lower", {"post_processor": None}, {}),
    ("lower", {"post_processor": components["processors"]["RobertaProcessing"]["json"]}, {}),
    ("lower", {"post_processor": components["processors"]["BertProcessing"]["json"]}, {}),
    ("distilbert", {}, None),
    ("distilbert", {}, {"do_lower_case": False}),
    *[(base, {}, config) for base in ("roberta", "gpt2") for config in (None, {}, {"add_prefix_space": True}, {"add_prefix_space": False}, {"tokenizer_class": FAST, "add_prefix_space": True}, {"add_bos_token": True})],
    ("roberta", {"pre_tokenizer": components["preTokenizers"]["ByteLevel, prefix"]["json"]}, {}),
    ("roberta", {"pre_tokenizer": components["preTokenizers"]["ByteLevel, prefix"]["json"]}, {"add_prefix_space": True}),
    ("roberta", {"normalizer": NFC}, {}),
    ("roberta", {"post_processor": None}, {}),
    ("roberta", {}, {"pad_token": "[NEW]"}),
    ("gpt2", {"post_processor": components["template"]}, {}),
    ("gpt2", {}, {"pad_token": "fox"}),
    *[("xlm-roberta", {}, config) for config in (None, {}, {"add_prefix_space": False}, {"add_prefix_space": True}, {"tokenizer_class": FAST})],
    ("xlm-roberta", {"normalizer": NFC}, {}),
    ("xlm-roberta", {"pre_tokenizer": components["preTokenizers"]["Metaspace, always"]["json"]}, {}),
]


def judged(base, change, config):
    kind, whole = BASES[base]
    file = {**whole, **change}
    alone = Tokenizer.from_str(json.dumps(file))
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "tokenizer.json").write_text(json.dumps(file))
        Path(folder, "config.json").write_text(json.dumps({"model_type": kind}))
        if config is not None:
            Path(folder, "tokenizer_config.json").write_text(json.dumps(config))
        auto = AutoTokenizer.from_pretrained(folder)
    equal = all(auto(text)["input_ids"] == alone.encode(text).ids for text in TEXTS)
    pairs = all(auto(a, b)["input_ids"] == alone.encode(a, b).ids for a, b in components["pairs"] if a and b)
    return {"base": base, "change": change, "config": config, "equal": equal and pairs}


result = {
    "transformers": transformers.__version__,
    "bases": {name: {"type": kind, "json": {k: v for k, v in file.items() if v not in (None, [])} if name != "xlm-roberta" else None} for name, (kind, file) in BASES.items()},
    "cases": [judged(*case) for case in CASES],
}
(fixtures / "claims.json").write_text(json.dumps(result, ensure_ascii=False, separators=(",", ":")) + "\n")
for case in result["cases"]:
    print(case["equal"], case["base"], json.dumps(case["change"], ensure_ascii=False)[:90], json.dumps(case["config"]))
