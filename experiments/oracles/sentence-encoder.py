"""Reference for the Universal Sentence Encoder Lite, which is no model of transformers: its own module of PyTorch.

Cer et al., Universal Sentence Encoder, arXiv 1803.11175, over the encoder of Vaswani et al., arXiv 1706.03762; sizes
and the places of the norms are those of TF Hub's universal-sentence-encoder-lite/2. The module is first held against
the embeddings that the published weights gave in tfjs; then a tiny one with random weights makes the fixture, with
Strata's linear classifier on its embedding.

    pip install torch==2.13.0 safetensors numpy
    python experiments/oracles/sentence-encoder.py $STRATA_TEST_DATA/use-lite packages/fl-core/src/models/architectures
"""

import json
import math
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from fixtures import CLASSES, text_case, write
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn.functional import normalize, scaled_dot_product_attention


@dataclass(frozen=True)
class Sizes:
    vocabulary: int
    maxTokens: int
    embedding: int
    dim: int
    depth: int
    heads: int
    mlp: int
    layerNormEps: float


PUBLISHED = Sizes(8000, 128, 256, 512, 2, 4, 1536, 1e-6)
TINY = Sizes(48, 12, 8, 12, 2, 2, 10, 1e-6)


class Attention(nn.Module):
    """Multi-head self-attention whose output may be wider than its input."""

    def __init__(self, width, out, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, out)

    def forward(self, x, mask):
        split = lambda part: part.unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (B, H, T, D/H)
        query, key, value = map(split, self.qkv(x).chunk(3, dim=-1))
        context = scaled_dot_product_attention(query, key, value, attn_mask=mask[:, None, None, :])
        return self.out(context.transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Norms stand before each half; a block that widens its input projects its residual."""

    def __init__(self, sizes, width):
        super().__init__()
        self.ln1 = nn.LayerNorm(width, sizes.layerNormEps)
        self.attn = Attention(width, sizes.dim, sizes.heads)
        self.residual = nn.Identity() if width == sizes.dim else nn.Linear(width, sizes.dim)
        self.ln2 = nn.LayerNorm(sizes.dim, sizes.layerNormEps)
        self.ffn = nn.ModuleDict({"fc1": nn.Linear(sizes.dim, sizes.mlp), "fc2": nn.Linear(sizes.mlp, sizes.dim)})

    def forward(self, x, mask):
        x = self.residual(x) + self.attn(self.ln1(x), mask)
        return x + self.ffn.fc2(self.ffn.fc1(self.ln2(x)).relu())


class SentenceEncoder(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.embeddings = nn.Embedding(sizes.vocabulary + 2, sizes.embedding)
        # A constant in use; a parameter here, so that its gradient is known as well.
        self.pos = nn.ParameterDict({"inv_freq": torch.zeros(sizes.embedding // 2)})
        widths = [sizes.embedding] + [sizes.dim] * (sizes.depth - 1)
        self.layers = nn.ModuleList(Block(sizes, width) for width in widths)
        self.head = nn.ModuleDict({"tanh": nn.Linear(sizes.dim, sizes.dim)})

    def forward(self, ids, mask):
        angles = torch.arange(ids.shape[1], dtype=self.pos.inv_freq.dtype).outer(self.pos.inv_freq)
        x = 2 * self.embeddings(ids) + torch.cat([angles.sin(), angles.cos()], dim=-1)
        for layer in self.layers:
            x = layer(x, mask)
        rows = zip(x, mask, strict=True)
        mean = torch.stack([row[real].mean(dim=0) for row, real in rows])  # padding is left out
        return normalize(self.head.tanh(mean).tanh(), dim=-1)


class Classifier(nn.Module):
    """Strata's head: linear on the embedding, whose elements it first brings to a mean square of 1."""

    def __init__(self, sizes):
        super().__init__()
        self.encoder = SentenceEncoder(sizes)
        self.classifier = nn.Linear(sizes.dim, CLASSES)
        self.scale = math.sqrt(sizes.dim)

    def forward(self, input_ids, attention_mask):
        return self.classifier(self.scale * self.encoder(input_ids, attention_mask.bool()))

    def save_pretrained(self, folder):
        """Under the names of the published weights' file."""
        tensors = renamed(self.encoder.state_dict())
        tensors |= renamed({f"head.{name}": value for name, value in self.classifier.state_dict().items()})
        save_file(tensors, folder / "model.safetensors")


def renamed(tensors):
    """Linear maps lie the other way round there, as TensorFlow's kernels; norms have a gamma and a beta."""
    file = {}
    for name, value in tensors.items():
        prefix, _, last = name.rpartition(".")
        if prefix.endswith(("ln1", "ln2")):
            name = f"{prefix}.{'gamma' if last == 'weight' else 'beta'}"
        elif last == "weight" and prefix != "embeddings":
            name, value = f"{prefix}.kernel", value.T
        file[name] = value.detach().contiguous()
    return file


def check(data):
    """The largest difference from the published weights' embeddings, all texts in one padded batch."""
    encoder = SentenceEncoder(PUBLISHED).double()
    state = encoder.state_dict()
    file = load_file(data / "model.safetensors")
    assert sorted(file) == sorted(renamed(state)), sorted(set(file) ^ set(renamed(state)))
    with torch.no_grad():
        for name, value in state.items():
            ((source, _),) = renamed({name: value}).items()
            value.copy_(file[source].T if source.endswith("kernel") else file[source])
    items = json.loads((data / "reference.json").read_text())["items"]
    ids = nn.utils.rnn.pad_sequence([torch.tensor(item["ids"]) for item in items], batch_first=True)
    lengths = torch.tensor([len(item["ids"]) for item in items])
    with torch.no_grad():
        embeddings = encoder(ids, torch.arange(ids.shape[1]) < lengths[:, None])
    expected = torch.tensor([item["embedding"] for item in items], dtype=torch.float64)
    return (embeddings - expected).abs().max().item(), len(items)


def main(data, models):
    error, texts = check(data)
    print(f"published weights, {texts} texts: largest error of the embeddings {error:.2e}")
    if not error < 1e-6:
        sys.exit("This is not the encoder that the published weights are of.")
    torch.manual_seed(1)
    model = Classifier(TINY)
    batch = text_case([5, 9, 1], 0, vocabulary=TINY.vocabulary)
    write(models / "use-lite/fixtures/use-lite", model, [batch], {"spec": asdict(TINY)})


main(*map(Path, sys.argv[1:]))
