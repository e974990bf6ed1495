"""Which fields of config.json change what transformers answers: each is set to something else in turn, with the weights
as they were. For packages/fl-core/src/models/config/fields.test.ts: what changes an answer must change the spec that is
read, or be refused.

    pip install torch transformers==5.24.0
    python experiments/oracles/config-fields.py packages/fl-core/src/models/config/fixtures/config-fields.json
"""

import copy
import json
import sys
from pathlib import Path

import torch
import transformers as t

t.logging.set_verbosity_error()
image = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24, "image_size": 16, "patch_size": 8}
text = {"vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24, "max_position_embeddings": 20}
pixels = {"pixel_values": torch.randn(2, 3, 16, 16, generator=torch.manual_seed(1))}
tokens = {"input_ids": torch.tensor([[5, 6, 7, 8], [9, 10, 11, 1]]), "attention_mask": torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])}
vision = {**image, "projection_dim": 10}

MODELS = {
    "bert": (t.BertForSequenceClassification, t.BertConfig(**text), tokens),
    "roberta": (t.RobertaForSequenceClassification, t.RobertaConfig(**{**text, "max_position_embeddings": 22}), tokens),
    "xlm-roberta": (t.XLMRobertaForSequenceClassification, t.XLMRobertaConfig(**{**text, "max_position_embeddings": 22}), tokens),
    "distilbert": (t.DistilBertForSequenceClassification, t.DistilBertConfig(vocab_size=50, dim=16, n_layers=2, n_heads=2, hidden_dim=24, max_position_embeddings=20), tokens),
    "gpt2": (t.GPT2LMHeadModel, t.GPT2Config(vocab_size=50, n_embd=16, n_layer=2, n_head=2, n_positions=20, bos_token_id=1, eos_token_id=1), tokens),
    "vit": (t.ViTForImageClassification, t.ViTConfig(**image), pixels),
    "deit": (t.DeiTForImageClassification, t.DeiTConfig(**image), pixels),
    "clip_vision_model": (t.CLIPVisionModelWithProjection, t.CLIPVisionConfig(**vision), pixels),
}
# Names of things, not settings.
NAMES = {"architectures", "model_type", "transformers_version", "dtype", "id2label", "label2id", "problem_type"}


def others(name, value):
    if name.endswith("act") or name in ("activation", "activation_function"):
        return ["relu", "silu", "gelu_new" if value == "gelu" else "gelu"]
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value * 2]
    if isinstance(value, float):
        return [value + 0.25, value * 2 or 0.5]
    if value is None:
        return [1, 2]
    return []


def answer(cls, config, weights, inputs):
    model = cls(config).eval()
    missing, unexpected = model.load_state_dict(weights, strict=False)
    if missing or unexpected:
        return None
    with torch.no_grad():
        out = model(**inputs)
    return out.logits if "logits" in out else out.image_embeds


def effect(cls, config, weights, inputs, name, value, before):
    changed = config.to_dict()
    changed[name] = value
    try:
        after = answer(cls, type(config).from_dict(changed), weights, inputs)
    except Exception:
        return "refused"
    if after is None or after.shape != before.shape:
        return "other tensors"
    return "same" if torch.allclose(after, before, atol=1e-5) else "changes"


result = {}
for name, (cls, config, inputs) in MODELS.items():
    torch.manual_seed(2)
    model = cls(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0.5, 0.5)
    weights = copy.deepcopy(model.state_dict())
    before = answer(cls, config, weights, inputs)
    base = json.loads(json.dumps(config.to_dict()))
    base["architectures"] = [cls.__name__]
    rows = []
    for field, value in base.items():
        if field in NAMES:
            continue
        for other in others(field, value):
            rows.append({"field": field, "value": other, "effect": effect(cls, config, weights, inputs, field, other, before)})
    telling = [row for row in rows if row["effect"] in ("changes", "other tensors")]
    result[name] = {"config": base, "rows": telling}
    print(name, sorted({(r["field"], r["effect"]) for r in rows if r["effect"] != "same"}))
target = Path(sys.argv[1])
target.parent.mkdir(parents=True, exist_ok=True)
target.write_text(json.dumps({"transformers": t.__version__, "models": result}, separators=(",", ":")) + "\n")
