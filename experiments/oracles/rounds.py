"""Federated rounds in PyTorch beside Strata's, from the same start, data and masks.

    npm run --silent experiment -- rounds --model deit-tiny --data samples/emoji --side 64 --dump DIR
    python3 experiments/oracles/rounds.py DIR [--seeds 3] [--batches fresh|fixed]

Each round every participant trains the layers that Strata chose for it (always the head too) with torch.optim.AdamW
on its own shuffled batches (`fixed`: composed once and shuffled as wholes, as Strata's are, whose cache of what lies
below the trained layers goes by batch); the server takes, tensor by tensor, the mean of those who trained it, weighted by samples.
Only the order of the batches differs, so that accuracies agree within noise. One JSON object goes to standard output.
"""

import argparse
import json
import pathlib
import sys

import numpy
import torch
from torch.nn import functional

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "bench/src/gpu"))
import torch_peer  # noqa: E402

torch_peer.load_torch()


def read(folder):
    told = json.loads((folder / "run.json").read_text())
    side, spec = told["config"]["side"], told["spec"]
    start = torch_peer.read_safetensors(str(folder / "start.safetensors"))
    data = []
    for labels in sorted(folder.glob("*.labels"), key=lambda path: int(path.stem)):
        pixels = torch.from_numpy(numpy.fromfile(labels.with_suffix(".pixels"), dtype=numpy.uint8))
        x = pixels.view(-1, side, side, 3).float() / 255
        x = (x - torch.tensor(spec["mean"])) / torch.tensor(spec["std"])
        data.append((x, torch.from_numpy(numpy.fromfile(labels, dtype=numpy.int32)).long()))
    return told, start, data[:-1], data[-1]


def logits(p, spec, x):
    embed, block, head = torch_peer.ARCHITECTURES[spec["architecture"]]
    x = embed(p, spec, x)
    for index in range(spec["depth"]):
        x = block(p, spec, index, x, None)
    return head(p, spec, x, None)


def layer_of(name):
    parts = name.split(".")
    if parts[0] == "blocks":
        return ".".join(parts[:2])
    return "head" if parts[0] in ("head", "norm") else "embed"


def composed(fixed, y, size, random):
    if fixed is None:
        return list(torch.from_numpy(random.permutation(len(y))).split(size))
    return [fixed[index] for index in random.permutation(len(fixed))]


def train(start, spec, local, layers, x, y, fixed, random):
    p = {name: value.clone() for name, value in start.items()}
    trained = [name for name in p if layer_of(name) in layers]
    for name in trained:
        p[name].requires_grad_()
    matrices = [p[name] for name in trained if p[name].dim() >= 2]
    others = [p[name] for name in trained if p[name].dim() < 2]
    optimizer = torch.optim.AdamW(
        [
            {"params": matrices, "weight_decay": local["optimizer"]["weightDecay"]},
            {"params": others, "weight_decay": 0},
        ],
        lr=local["optimizer"]["learningRate"],
    )
    size, most = local["batchSize"], local["maxBatches"]
    for _ in range(local["epochs"]):
        batches = composed(fixed, y, size, random)
        for batch in batches[:most] if most else batches:
            optimizer.zero_grad()
            functional.cross_entropy(logits(p, spec, x[batch]), y[batch]).backward()
            optimizer.step()
    return {name: p[name].detach() for name in trained}


def play(told, start, clients, test, seed, batches):
    config, spec = told["config"], told["spec"]
    random = numpy.random.default_rng(seed)
    size = config["local"]["batchSize"]
    fixed = [composed(None, y, size, random) if batches == "fixed" else None for _, y in clients]
    weights, accuracies = {name: value.clone() for name, value in start.items()}, []
    for round_ in told["told"]:
        sums, counts = {}, {}
        for (_, mask), (x, y), own in zip(sorted(round_["masks"].items()), clients, fixed):
            update = train(weights, spec, config["local"], {*mask, "head"}, x, y, own, random)
            for name, value in update.items():
                sums[name] = sums.get(name, 0) + len(y) * value
                counts[name] = counts.get(name, 0) + len(y)
        for name in sums:
            weights[name] = sums[name] / counts[name]
        with torch.no_grad():
            right = [logits(weights, spec, x).argmax(1) == y for x, y in zip(test[0].split(128), test[1].split(128))]
        accuracies.append(torch.cat(right).float().mean().item())
    return accuracies


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--batches", choices=["fresh", "fixed"], default="fresh")
    arguments = parser.parse_args()
    told, start, clients, test = read(arguments.folder)
    ours = [round_["accuracy"] for round_ in told["told"]]
    theirs = [play(told, start, clients, test, seed, arguments.batches) for seed in range(arguments.seeds)]
    print(json.dumps({"strategy": told["config"]["strategy"]["name"], "batches": arguments.batches, "strata": ours, "torch": theirs}))


if __name__ == "__main__":
    main()
