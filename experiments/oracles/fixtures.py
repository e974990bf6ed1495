"""What the model oracles share: small batches, and the files of a fixture.

A fixture is a folder of config.json (of transformers' models), model.safetensors (float32, under the names that users'
files have), and per case of reference.json a small batch with its logits and loss, and gradients-N.safetensors with the
gradient of every parameter; computed in float64.
"""

import copy
import json
import shutil
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch.nn.functional import cross_entropy

CLASSES = 3


def saved(model, folder):
    """What the model's `save_pretrained` writes; its config.json, where it has one, goes to the folder."""
    with tempfile.TemporaryDirectory() as temporary:
        model.save_pretrained(Path(temporary))
        tensors = load_file(Path(temporary) / "model.safetensors")
        config = Path(temporary) / "config.json"
        if folder is not None and config.exists():
            shutil.copy(config, folder / "config.json")
        return tensors


def logits_of(model, inputs):
    out = model(**inputs)
    return out if isinstance(out, torch.Tensor) else out.logits


def classification(logits, batch):
    return cross_entropy(logits, torch.tensor(batch["labels"]))


def next_token(logits, batch):
    """Mean over all tokens that follow another one, padding left out."""
    ids = torch.tensor(batch["ids"])
    targets = ids[:, 1:].clone()
    for row, length in enumerate(batch["lengths"]):
        targets[row, max(0, length - 1) :] = -100
    return cross_entropy(logits[:, :-1].flatten(0, 1), targets.flatten())


def write(folder, model, cases, facts, loss=classification, rename=lambda name: name):
    """Draws the model's weights and writes its fixture; `facts` stand first in reference.json."""
    folder.mkdir(parents=True, exist_ok=True)
    model.eval()
    with torch.no_grad():
        # The usual initial values (std 0.02, biases 0, norms 1) would hide a wrong bias or a swapped norm.
        for name, parameter in model.named_parameters():
            norm = parameter.ndim == 1 and name.endswith("weight")
            parameter.normal_(1 if norm else 0, 0.3)
    named = lambda tensors: {rename(name): value.float().contiguous() for name, value in tensors.items()}
    save_file(named(saved(model, folder)), folder / "model.safetensors", {"format": "pt"})
    written = []
    exact = model.double()
    for index, (batch, inputs) in enumerate(cases):
        exact.zero_grad(set_to_none=True)
        logits = logits_of(exact, inputs)
        value = loss(logits, batch)
        value.backward()
        # Saving a copy whose parameters are the gradients gives them the names of the file.
        gradients = copy.deepcopy(exact)
        with torch.no_grad():
            for target, source in zip(gradients.parameters(), exact.parameters(), strict=True):
                target.copy_(torch.zeros_like(source) if source.grad is None else source.grad)
        save_file(named(saved(gradients, None)), folder / f"gradients-{index}.safetensors")
        written.append({"batch": batch, "logits": logits.flatten().tolist(), "loss": value.item()})
    reference = {"torch": torch.__version__, **facts, "cases": written}
    (folder / "reference.json").write_text(json.dumps(reference) + "\n")


def image_case(side, mean, std):
    pixels = torch.randint(0, 256, (3, side, side, 3), dtype=torch.uint8)
    inputs = (pixels.double() / 255 - torch.tensor(mean).double()) / torch.tensor(std).double()
    batch = {
        "kind": "image",
        "size": 3,
        "side": side,
        "pixels": pixels.flatten().tolist(),
        "labels": [2, 0, 1],
    }
    return batch, {"pixel_values": inputs.permute(0, 3, 1, 2), "interpolate_pos_encoding": True}


def text_case(lengths, pad, first=5, vocabulary=50, segments=False):
    """Texts of mixed lengths, padded on the right; `segments`: pairs, the second of which begins half way."""
    width = max(lengths)
    ids = torch.randint(first, vocabulary, (len(lengths), width))
    ids[0, 2] = ids[0, 0]  # a token twice: its gradients add up
    mask = torch.arange(width)[None] < torch.tensor(lengths)[:, None]
    ids[~mask] = pad
    kinds = torch.stack([(torch.arange(width) >= length // 2).long() for length in lengths]) * mask
    batch = {
        "kind": "text",
        "size": len(lengths),
        "length": width,
        "ids": ids.tolist(),
        "lengths": lengths,
        "labels": [2, 0, 1],
    }
    inputs = {"input_ids": ids, "attention_mask": mask.long()}
    if segments:
        batch["segments"] = kinds.tolist()
        inputs["token_type_ids"] = kinds
    return batch, inputs
