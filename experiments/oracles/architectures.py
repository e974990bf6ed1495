"""References for the architectures: tiny random models of Hugging Face transformers, as the Hub would serve them.

    pip install torch==2.13.0 transformers==5.23.0 safetensors numpy
    python experiments/oracles/architectures.py packages/fl-core/src/models/architectures
"""

import sys
from pathlib import Path

import torch
import transformers
from fixtures import CLASSES, image_case, next_token, text_case
from fixtures import write as write_fixture
from safetensors.torch import load_file, save_file

HALF = ([0.5] * 3, [0.5] * 3)
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
CLIP = ([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711])


class ClipClassifier(torch.nn.Module):
    """A linear classifier on CLIP's projected image embedding, as in Sun et al., arXiv 2408.15600."""

    def __init__(self, config):
        super().__init__()
        self.clip = transformers.CLIPVisionModelWithProjection(config)
        self.classifier = torch.nn.Linear(config.projection_dim, CLASSES)

    def forward(self, **inputs):
        return self.classifier(self.clip(**inputs).image_embeds)

    def save_pretrained(self, folder):
        self.clip.save_pretrained(folder)
        tensors = load_file(folder / "model.safetensors")
        tensors |= {f"classifier.{name}": value.detach() for name, value in self.classifier.named_parameters()}
        save_file(tensors, folder / "model.safetensors", {"format": "pt"})


class PatchesClassifier(torch.nn.Module):
    """CLIPForImageClassification without the last norm, which it has and does not look at."""

    def __init__(self, config):
        super().__init__()
        self.clip = transformers.CLIPForImageClassification(config)

    def forward(self, **inputs):
        return self.clip(**inputs).logits

    def save_pretrained(self, folder):
        self.clip.save_pretrained(folder)
        tensors = load_file(folder / "model.safetensors")
        kept = {name: value for name, value in tensors.items() if "post_layernorm" not in name}
        save_file(kept, folder / "model.safetensors", {"format": "pt"})


def write(folder, model, cases, **options):
    write_fixture(folder, model, cases, {"transformers": transformers.__version__}, **options)


def main(models):
    torch.manual_seed(1)
    image = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
    image |= {"image_size": 16, "patch_size": 8, "attn_implementation": "sdpa"}
    text = {"vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    text |= {"intermediate_size": 24, "max_position_embeddings": 20, "num_labels": CLASSES}
    text |= {"attn_implementation": "sdpa"}
    lengths = [5, 9, 1]
    t = transformers

    vit = t.ViTForImageClassification(t.ViTConfig(**image, num_labels=CLASSES, layer_norm_eps=1e-6))
    write(models / "vit/fixtures/vit", vit, [image_case(16, *HALF), image_case(24, *HALF)])

    deit = t.DeiTForImageClassification(t.DeiTConfig(**image, num_labels=CLASSES))
    write(models / "vit/fixtures/deit", deit, [image_case(16, *IMAGENET), image_case(24, *IMAGENET)])

    clip = ClipClassifier(t.CLIPVisionConfig(**image, projection_dim=10))
    write(models / "clip/fixtures/clip", clip, [image_case(16, *CLIP), image_case(24, *CLIP)])

    bert = t.BertForSequenceClassification(t.BertConfig(**text))
    pair = text_case(lengths, 0, segments=True)
    write(models / "bert/fixtures/bert", bert, [text_case(lengths, 0), pair])

    # MiniLM is a BERT; sentence-transformers saves it without the prefix.
    mini = text | {"hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 6}
    minilm = t.BertForSequenceClassification(t.BertConfig(**mini))
    unprefixed = lambda name: name.removeprefix("bert.")
    write(models / "bert/fixtures/minilm", minilm, [text_case(lengths, 0)], rename=unprefixed)

    longer = text | {"max_position_embeddings": 22, "type_vocab_size": 1, "pad_token_id": 1}
    roberta = t.RobertaForSequenceClassification(t.RobertaConfig(**longer))
    write(models / "roberta/fixtures/roberta", roberta, [text_case(lengths, 1)])
    xlm = t.XLMRobertaForSequenceClassification(t.XLMRobertaConfig(**longer))
    write(models / "roberta/fixtures/xlm-roberta", xlm, [text_case(lengths, 1)])

    distil = {"vocab_size": 50, "dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 24}
    distil |= {"max_position_embeddings": 20, "num_labels": CLASSES, "attn_implementation": "sdpa"}
    distilbert = t.DistilBertForSequenceClassification(t.DistilBertConfig(**distil))
    write(models / "distilbert/fixtures/distilbert", distilbert, [text_case(lengths, 0)])

    gpt2 = {"vocab_size": 50, "n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 20}
    gpt2 |= {"attn_implementation": "sdpa", "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 1}
    language = t.GPT2LMHeadModel(t.GPT2Config(**gpt2))
    write(models / "gpt2/fixtures/next-token", language, [text_case(lengths, 0)], loss=next_token)
    classifier = t.GPT2ForSequenceClassification(t.GPT2Config(**gpt2, num_labels=CLASSES))
    write(models / "gpt2/fixtures/classifier", classifier, [text_case(lengths, 0)])

    whole = t.CLIPConfig(vision_config=image, text_config={"vocab_size": 9, "hidden_size": 8}, num_labels=CLASSES)
    patches = PatchesClassifier(whole)
    write(models / "clip/fixtures/patches", patches, [image_case(16, *CLIP), image_case(24, *CLIP)])


main(Path(sys.argv[1]))
