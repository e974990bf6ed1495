"""Writes what pretrain.py reached: `python export.py --state FOLDER/state.pt --pictures FILE --out FOLDER`.

`model.safetensors`: float16, timm's names; `head` tells the kinds that the pictures were told apart by, each on its
own, and is replaced when a run starts. `config.json`: as timm reads it, the kinds among it. `reference.json`: three pictures of Open Clip Art (public domain) and the logits
of the float16 weights, computed in float32, for the tests.
"""

import argparse
import base64
import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from pretrain import Pictures, Pretraining, measure
from safetensors.torch import load_file, save_file
from torch import Tensor
from vit import DEPTH, DIM, HEADS, MLP, PATCH, SIDE, Vit
from augment import MEAN, STD, plain_views

REFERENCES = 3


def config(kinds: dict[str, str]) -> dict:
    model = {"img_size": SIDE, "patch_size": PATCH, "embed_dim": DIM, "depth": DEPTH, "num_heads": HEADS}
    return {
        "architecture": "vit_tiny_patch16_224",
        "num_classes": len(kinds),
        "num_features": DIM,
        "model_args": model | {"mlp_ratio": MLP / DIM},
        "label_names": [f"n{synset}" for synset in kinds],
        "label_descriptions": {f"n{synset}": name for synset, name in kinds.items()},
        "pretrained_cfg": {
            "input_size": [3, SIDE, SIDE],
            "mean": [MEAN] * 3,
            "std": [STD] * 3,
            "interpolation": "bilinear",
            "crop_pct": 1.0,
            "num_classes": len(kinds),
            "classifier": "head",
            "license": "apache-2.0",
        },
    }


@torch.no_grad()
def logits(tensors: dict[str, Tensor], images: Tensor) -> Tensor:
    vit = Vit()
    vit.load_state_dict({name: t.float() for name, t in tensors.items() if not name.startswith("head.")})
    return vit(images) @ tensors["head.weight"].float().T + tensors["head.bias"].float()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--wordnet", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1, help="that of pretrain.py: it decides what was held out")
    args = parser.parse_args()
    torch.set_num_threads(1)
    pictures = Pictures(args.pictures, args.wordnet, args.seed)
    state = torch.load(args.state)
    model = Pretraining(len(pictures.kinds))
    model.load_state_dict(state["model"])
    print(f"step {state['step']}; {measure(model, pictures)}")

    tensors = {name.removeprefix("vit."): t for name, t in state["model"].items() if name.startswith("vit.")}
    tensors |= {f"head.{name}": t for name, t in model.head.state_dict().items()}
    tensors = {name: t.detach().half().contiguous() for name, t in sorted(tensors.items())}
    assert all(t.isfinite().all() for t in tensors.values())
    file = args.out / "model.safetensors"
    save_file(tensors, file, metadata={"format": "pt"})
    (args.out / "config.json").write_text(json.dumps(config(dict(zip(pictures.kinds, pictures.names, strict=True))), indent=2) + "\n")

    clip_art = [i for i in pictures.held_out.tolist() if pictures.origin[i] == "openclipart"][:REFERENCES]
    # As whole bytes, which is what a client reads from a picture.
    pixels = ((plain_views(pictures.pixels[clip_art]) * STD + MEAN) * 255).round().to(torch.uint8)  # (B, 3, S, S)
    expected = logits(load_file(file), (pixels.float() / 255 - MEAN) / STD)
    reference = {
        "side": SIDE,
        "pictures": [base64.b64encode(p.permute(1, 2, 0).contiguous().numpy().tobytes()).decode() for p in pixels],
        "logits": [[round(v, 4) for v in row] for row in expected.tolist()],
    }
    (args.out / "reference.json").write_text(json.dumps(reference) + "\n")
    file.chmod(0o644)
    print(f"{file}: {file.stat().st_size} bytes, sha256 {hashlib.sha256(file.read_bytes()).hexdigest()}")
    print(f"{sum(np.prod(t.shape) for t in tensors.values())} parameters")


if __name__ == "__main__":
    main()
