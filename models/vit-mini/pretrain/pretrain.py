"""Pretrains vit-mini on the pictures of pictures.py: `python pretrain.py --pictures FILE --out FOLDER`.

Each picture's nouns, and the semantic fields of WordNet they belong to, are predicted from one augmented view.
The rate of learning is constant after a warm-up and falls to 0 over the last `--decay` steps, in which all patches
are seen instead of half of them; so a run can be lengthened from its state, or ended early, without another
result than if it had been asked for so. A step's randomness is drawn from the seed and the step.
"""

import argparse
import os
import time
from collections import Counter
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from augment import plain_views, views
from torch import Tensor, nn
from vit import DIM, PATCH, SIDE, Vit
from words import OTHER_SHARE, SHARES, vocabulary

FEWEST = 12  # pictures that a noun needs to become a target
KEPT = (SIDE // PATCH) ** 2 // 2


class Pictures:
    def __init__(self, file: Path, seed: int):
        data = np.load(file)
        words = [tuple(w.split()) for w in data["words"]]
        fields = [tuple(f.split()) for f in data["fields"]]
        self.vocabulary = vocabulary(words, FEWEST)
        self.fields = sorted({f for each in fields for f in each})
        known = set(self.vocabulary)
        rows = [i for i, each in enumerate(words) if known.intersection(each)]
        self.pixels = torch.from_numpy(data["pixels"][rows])  # (N, S, S, 4)
        self.coloured = torch.from_numpy(data["coloured"][rows])  # (N)
        self.origin = data["origin"][rows]
        self.words = targets([[w for w in words[i] if w in known] for i in rows], self.vocabulary)  # (N, V)
        self.field_names = [
            [f for w, f in zip(words[i], fields[i], strict=True) if w in known] for i in rows
        ]
        self.field = targets(self.field_names, self.fields)  # (N, F)
        order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))
        self.held_out, self.train = order[: len(rows) // 40], order[len(rows) // 40 :]
        self.weight = self.weights([words[i] for i in rows])[self.train]

    def weights(self, words: list[tuple[str, ...]]) -> Tensor:
        """How often a picture is drawn: rare nouns, things that can be drawn and colours more often."""
        counts = Counter(w for each in words for w in each)
        rare = torch.tensor([max(min(counts[w], 400) ** -0.5 for w in each) for each in words])
        rare = rare.clamp(max=FEWEST**-0.5)
        share = torch.tensor([max(SHARES.get(f, OTHER_SHARE) for f in each) for each in self.field_names])
        return rare * share * (1 + 2 * self.coloured)


def targets(names: list[list[str]], classes: list[str]) -> Tensor:
    """Rows that share 1 among the classes named: (N, C)."""
    index = {name: i for i, name in enumerate(classes)}
    rows = torch.zeros(len(names), len(classes))
    for row, each in zip(rows, names, strict=True):
        for name in each:
            row[index[name]] += 1 / len(each)
    return rows


class Pretraining(nn.Module):
    def __init__(self, words: int, fields: int):
        super().__init__()
        self.vit = Vit()
        self.word_head = nn.Linear(DIM, words)
        self.field_head = nn.Linear(DIM, fields)

    def forward(self, images: Tensor, kept: Tensor | None = None) -> tuple[Tensor, Tensor]:
        feature = self.vit(images, kept)
        return self.word_head(feature), self.field_head(feature)


def rate(step: int, args: argparse.Namespace) -> float:
    warm = min(1.0, (step + 1) / args.warm_up)
    return args.rate * warm * min(1.0, (args.steps - step) / args.decay)


@torch.no_grad()
def measure(model: Pretraining, pictures: Pictures) -> str:
    """Share of held-out pictures whose likeliest noun, and field, is among those they have."""
    rows = pictures.held_out
    images = plain_views(pictures.pixels[rows])
    outputs = [model(part) for part in images.split(256)]
    words, fields = (torch.cat(each) for each in zip(*outputs, strict=True))

    def share(logits: Tensor, truth: Tensor) -> float:
        return (truth.gather(1, logits.argmax(1, keepdim=True)) > 0).float().mean().item()

    return (
        f"held out: noun {share(words, pictures.words[rows]):.3f} of {len(pictures.vocabulary)}, "
        f"field {share(fields, pictures.field[rows]):.3f} of {len(pictures.fields)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder of state.pt, the model and its optimiser")
    parser.add_argument("--resume", type=Path, help="a state.pt that was saved before the decay began")
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--decay", type=int, required=True)
    parser.add_argument("--warm-up", type=int, default=200)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=8e-4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save-every", type=int, default=250)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    pictures = Pictures(args.pictures, args.seed)
    print(f"{len(pictures.train)} pictures, {len(pictures.vocabulary)} nouns, {len(pictures.fields)} fields", flush=True)
    model = Pretraining(len(pictures.vocabulary), len(pictures.fields))
    decayed = [p for p in model.parameters() if p.ndim == 2]
    others = [p for p in model.parameters() if p.ndim != 2]
    groups = [{"params": decayed, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, args.rate, betas=(0.9, 0.98), fused=True)
    first = 0
    if args.resume:
        state = torch.load(args.resume)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        first = state["step"]
        if first > args.steps - args.decay:
            raise SystemExit(f"{args.resume} is of step {first}, past the start of the decay")
    args.out.mkdir(parents=True, exist_ok=True)
    started, loss_sum = time.time(), 0.0
    for step in range(first, args.steps):
        rng = torch.Generator().manual_seed(args.seed * 1_000_003 + step)
        rows = pictures.train[torch.multinomial(pictures.weight, args.batch, replacement=True, generator=rng)]
        images = views(pictures.pixels[rows], pictures.coloured[rows], rng)
        kept = None
        if step < args.steps - args.decay:
            kept = torch.rand(args.batch, 2 * KEPT, generator=rng).argsort(1)[:, :KEPT]  # (B, K)
        words, fields = model(images, kept)
        loss = F.cross_entropy(words, pictures.words[rows]) + F.cross_entropy(fields, pictures.field[rows])
        for group in optimiser.param_groups:
            group["lr"] = rate(step, args)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        loss_sum += loss.item()
        if (step + 1) % args.save_every == 0 or step + 1 == args.steps:
            seconds = time.time() - started
            print(f"step {step + 1}, {seconds:.0f} s, loss {loss_sum / args.save_every:.3f}; {measure(model, pictures)}", flush=True)
            loss_sum = 0.0
            state = {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step + 1}
            torch.save(state, args.out / "state.tmp")
            os.replace(args.out / "state.tmp", args.out / "state.pt")


if __name__ == "__main__":
    main()
