"""How alike the gradients of participants point, layer by layer, which no norm tells.

    python experiments/oracles/gradient-alignment.py DATA [clothes] [emoji]

DATA is the folder of CONTRIBUTING.md#data (deit-tiny, emoji-domains, fashion-mnist). For each block of deit-tiny at
64 px: the share of the mean squared gradient that is the squared mean gradient (rho), and the mean cosine of two
participants' gradients (cos). Measured after two rounds of the head alone, from zero, and after three more of all
layers: AdamW, one epoch in batches of 16, plain averaging. No simulator: gradients of all samples, in PyTorch.
"""

import gzip
import json
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file

random = np.random.default_rng(0)
data = Path(sys.argv[1])
width, depth, side, patch = 192, 12, 64, 16
colours = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]]).reshape(2, 1, 3, 1, 1)


def pretrained():
    """timm's tensors without the classifier, positions resized to the side."""
    tensors = {k: v.float() for k, v in load_file(data / "deit-tiny/model.safetensors").items() if not k.startswith("head")}
    positions = tensors["pos_embed"]
    old, new = int((positions.shape[1] - 1) ** 0.5), side // patch
    grid = positions[:, 1:].reshape(1, old, old, width).permute(0, 3, 1, 2)
    grid = F.interpolate(grid, size=(new, new), mode="bicubic", align_corners=False)
    grid = grid.permute(0, 2, 3, 1).reshape(1, new * new, width)
    return {**tensors, "pos_embed": torch.cat([positions[:, :1], grid], 1)}


def logits(p, pixels):
    x = (pixels - colours[0]) / colours[1]
    x = F.conv2d(x, p["patch_embed.proj.weight"], p["patch_embed.proj.bias"], stride=patch).flatten(2).transpose(1, 2)
    x = torch.cat([p["cls_token"].expand(len(x), -1, -1), x], 1) + p["pos_embed"]
    batch, tokens, _ = x.shape
    for i in range(depth):
        linear = lambda h, name: F.linear(h, p[f"blocks.{i}.{name}.weight"], p[f"blocks.{i}.{name}.bias"])
        norm = lambda h, name: F.layer_norm(h, (width,), p[f"blocks.{i}.{name}.weight"], p[f"blocks.{i}.{name}.bias"], 1e-6)
        qkv = linear(norm(x, "norm1"), "attn.qkv").reshape(batch, tokens, 3, 3, 64).permute(2, 0, 3, 1, 4)
        context = F.scaled_dot_product_attention(*qkv).transpose(1, 2).reshape(batch, tokens, width)
        x = x + linear(context, "attn.proj")
        x = x + linear(F.gelu(linear(norm(x, "norm2"), "mlp.fc1")), "mlp.fc2")
    x = F.layer_norm(x[:, 0], (width,), p["norm.weight"], p["norm.bias"], 1e-6)
    return F.linear(x, p["head.weight"], p["head.bias"])


def clothes(participants, samples):
    """Fashion-MNIST, labels by Dirichlet(0.1)."""
    read = lambda name, skip: np.frombuffer(gzip.open(data / "fashion-mnist" / name).read(), np.uint8, offset=skip)
    images = read("train-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28)
    labels = read("train-labels-idx1-ubyte.gz", 8)[:10_000]
    shards = []
    for _ in range(participants):
        wanted = random.choice(10, samples, p=random.dirichlet([0.1] * 10))
        rows = np.array([random.choice(np.where(labels == label)[0]) for label in wanted])
        pixels = torch.tensor(images[rows]).float()[:, None].repeat(1, 3, 1, 1) / 255
        pixels = F.interpolate(pixels, size=(side, side), mode="bilinear")
        shards.append((pixels, torch.tensor(labels[rows].astype(np.int64))))
    return shards


def emoji(styles, samples):
    """A style a participant, the same things in each."""
    about = json.loads((data / "emoji-domains/labels.json").read_text())
    items = [(i, item["label"]) for i, item in enumerate(about["items"]) if item["split"] == "train"][:samples]
    shards = []
    for style in about["domains"][:styles]:
        sheet = torch.tensor(np.array(Image.open(data / f"emoji-domains/{style}.png").convert("RGB")))
        at = lambda i: sheet[i // 30 * 64 : i // 30 * 64 + 64, i % 30 * 64 : i % 30 * 64 + 64]
        pixels = torch.stack([at(i).permute(2, 0, 1).float() / 255 for i, _ in items])
        shards.append((pixels, torch.tensor([label for _, label in items])))
    return shards


def measure(title, p, shards):
    gradients = []
    for pixels, labels in shards:
        own = {k: v.detach().clone().requires_grad_(k.startswith("blocks")) for k, v in p.items()}
        for at in range(0, len(pixels), 64):
            loss = F.cross_entropy(logits(own, pixels[at : at + 64]), labels[at : at + 64], reduction="sum")
            (loss / len(pixels)).backward()
        block = lambda i: [own[k].grad.flatten() for k in sorted(own) if k.startswith(f"blocks.{i}.")]
        gradients.append([torch.cat(block(i)) for i in range(depth)])
    shares, cosines = [], []
    for i in range(depth):
        g = torch.stack([own[i] for own in gradients])
        shares.append((g.mean(0).square().sum() / g.square().sum(1).mean()).item())
        unit = g / g.norm(dim=1, keepdim=True)
        pairs = len(g) * (len(g) - 1)
        cosines.append((((unit @ unit.T).sum() - len(g)) / pairs).item())
    text = lambda values: " ".join(f"{v:.2f}" for v in values)
    print(f"{title}: rho {text(shares)}; cos {text(cosines)}", flush=True)


def rounds(p, shards, count, body, rate):
    trained = [k for k in p if k.startswith(("head", "norm.")) or (body and k.startswith("blocks"))]
    for _ in range(count):
        mean = {k: torch.zeros_like(p[k]) for k in trained}
        for pixels, labels in shards:
            own = {k: v.detach().clone().requires_grad_(k in trained) for k, v in p.items()}
            optimizer = torch.optim.AdamW([own[k] for k in trained], lr=rate)
            order = torch.randperm(len(pixels))
            for at in range(0, len(order), 16):
                batch = order[at : at + 16]
                optimizer.zero_grad()
                F.cross_entropy(logits(own, pixels[batch]), labels[batch]).backward()
                optimizer.step()
            for k in trained:
                mean[k] += own[k].detach() / len(shards)
        p = {**p, **mean}
    return p


sets = {
    "clothes": ("10 by Dirichlet(0.1)", lambda: clothes(10, 128)),
    "emoji": ("4 styles", lambda: emoji(4, 256)),
}
for name in sys.argv[2:] or sets:
    torch.manual_seed(0)
    how, make = sets[name]
    shards = make()
    p = {**pretrained(), "head.weight": torch.zeros(10, width), "head.bias": torch.zeros(10)}
    p = rounds(p, shards, 2, False, 1e-3)
    measure(f"{name}, {how}, 2 rounds of the head", p, shards)
    p = rounds(p, shards, 3, True, 3e-4)
    measure(f"{name}, {how}, 3 rounds more of all layers", p, shards)
