"""What PyTorch makes of Strata's training step on the same card: the peer of the GPU benchmark.

    python3 torch_peer.py TASK.json

One JSON object a line goes to standard output, as soon as it is known; a row that could not be had carries
a `reason` instead of its numbers. Nothing but PyTorch (2.1 or later) is needed. torch-peer.test.ts holds the
models against Strata's own.
"""

import functools
import gc
import json
import math
import os
import platform
import statistics
import struct
import sys
import threading
import time
import traceback

WARM_UP_SECONDS = 0.7  # of steps after the first one, until a card has left the clock that it idles at


# --- Models: functions of named tensors, as in packages/fl-core/src/models. ---


def project(p, name, x):
    """Kernels stored (out, in) under PyTorch's names, or (in, out) under TensorFlow's."""
    kernel = p[f"{name}.weight"] if f"{name}.weight" in p else p[f"{name}.kernel"].t()
    return F.linear(x, kernel, p[f"{name}.bias"])


def norm(p, name, x, epsilon):
    names = ("weight", "bias") if f"{name}.weight" in p else ("gamma", "beta")
    weight, bias = (p[f"{name}.{n}"] for n in names)
    return F.layer_norm(x, x.shape[-1:], weight, bias, epsilon)


def attend(q, k, v, heads, mask):
    """(B, T, D) each -> (B, T, D). `mask`: true for real tokens, (B, 1, 1, T); None when all are real."""
    q, k, v = (part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in (q, k, v))
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2)


def activate(name, x):
    if name == "quick-gelu":
        return x * torch.sigmoid(1.702 * x)
    return F.relu(x) if name == "relu" else F.gelu(x, approximate={"gelu": "none", "gelu-tanh": "tanh"}[name])


def vit_embed(p, spec, images):
    """(B, side, side, 3) -> (B, 1 + N, D)."""
    batch, side, patch = images.shape[0], images.shape[1], spec["patch"]
    grid = side // patch
    # The convolution of a patch with a kernel of its size is one product.
    x = images.view(batch, grid, patch, grid, patch, 3).permute(0, 1, 3, 5, 2, 4)
    x = x.reshape(batch, grid * grid, -1)
    x = F.linear(x, p["patch_embed.proj.weight"].flatten(1), p["patch_embed.proj.bias"])
    names = ["cls_token"] + (["dist_token"] if spec["tokens"] == "class-and-distillation" else [])
    x = torch.cat([*(p[name].expand(batch, -1, -1) for name in names), x], dim=1)
    positions, pretrained = p["pos_embed"], spec["pretrainedSide"] // patch
    if grid != pretrained:
        first, square = positions[:, : len(names)], positions[:, len(names) :]
        square = square.transpose(1, 2).unflatten(2, (pretrained, pretrained))  # (1, D, from, from)
        square = F.interpolate(square, size=(grid, grid), mode="bicubic", align_corners=False)
        positions = torch.cat([first, square.flatten(2).transpose(1, 2)], dim=1)
    return x + positions


def vit_block(p, spec, index, x, mask):
    name, epsilon = f"blocks.{index}", spec["layerNormEps"]
    q, k, v = project(p, f"{name}.attn.qkv", norm(p, f"{name}.norm1", x, epsilon)).chunk(3, dim=-1)
    x = x + project(p, f"{name}.attn.proj", attend(q, k, v, spec["heads"], mask))
    inner = project(p, f"{name}.mlp.fc1", norm(p, f"{name}.norm2", x, epsilon))
    return x + project(p, f"{name}.mlp.fc2", activate(spec["activation"], inner))


def vit_head(p, spec, x, mask):
    return project(p, "head", norm(p, "norm", x[:, 0], spec["layerNormEps"]))


def bert_embed(p, spec, ids):
    """(B, T) -> (B, T, D). All tokens are of the first segment."""
    name, (batch, tokens) = "bert.embeddings", ids.shape
    # A batch may be padded to more tokens than the model knows; nobody looks at what stands there.
    places = torch.arange(tokens, device=ids.device).clamp(max=spec["maxTokens"] - 1)
    x = F.embedding(ids, p[f"{name}.word_embeddings.weight"])
    x = x + F.embedding(places, p[f"{name}.position_embeddings.weight"])
    x = x + p[f"{name}.token_type_embeddings.weight"][0]
    return norm(p, f"{name}.LayerNorm", x, spec["layerNormEps"])


def bert_block(p, spec, index, x, mask):
    name, epsilon = f"bert.encoder.layer.{index}", spec["layerNormEps"]
    q, k, v = (project(p, f"{name}.attention.self.{part}", x) for part in ("query", "key", "value"))
    x = x + project(p, f"{name}.attention.output.dense", attend(q, k, v, spec["heads"], mask))
    x = norm(p, f"{name}.attention.output.LayerNorm", x, epsilon)
    inner = activate(spec["activation"], project(p, f"{name}.intermediate.dense", x))
    return norm(p, f"{name}.output.LayerNorm", x + project(p, f"{name}.output.dense", inner), epsilon)


def bert_head(p, spec, x, mask):
    return project(p, "classifier", torch.tanh(project(p, "bert.pooler.dense", x[:, 0])))


def use_lite_embed(p, spec, ids):
    frequencies = p["pos.inv_freq"]
    places = torch.arange(ids.shape[1], device=ids.device, dtype=frequencies.dtype)
    angles = places[:, None] * frequencies
    return 2 * F.embedding(ids, p["embeddings.weight"]) + torch.cat([angles.sin(), angles.cos()], dim=-1)


def use_lite_block(p, spec, index, x, mask):
    name, epsilon = f"layers.{index}", spec["layerNormEps"]
    q, k, v = project(p, f"{name}.attn.qkv", norm(p, f"{name}.ln1", x, epsilon)).chunk(3, dim=-1)
    residual = project(p, f"{name}.residual", x) if f"{name}.residual.kernel" in p else x
    x = residual + project(p, f"{name}.attn.out", attend(q, k, v, spec["heads"], mask))
    inner = project(p, f"{name}.ffn.fc1", norm(p, f"{name}.ln2", x, epsilon))
    return x + project(p, f"{name}.ffn.fc2", F.relu(inner))


def use_lite_head(p, spec, x, mask):
    if mask is None:
        mean = x.mean(dim=1)
    else:
        real = mask[:, 0, 0, :, None].to(x.dtype)  # (B, T, 1)
        mean = (x * real).sum(dim=1) / real.sum(dim=1).clamp(min=1)
    x = torch.tanh(project(p, "head.tanh", mean))
    x = x * torch.rsqrt(x.square().sum(dim=1, keepdim=True) + 1e-12)
    return project(p, "head", x * math.sqrt(spec["dim"]))


ARCHITECTURES = {
    "vit": (vit_embed, vit_block, vit_head),
    "bert": (bert_embed, bert_block, bert_head),
    "use-lite": (use_lite_embed, use_lite_block, use_lite_head),
}


# --- What a task's files hold. ---


@functools.lru_cache(maxsize=1)
def read_safetensors(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = bytearray(file.read())
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if entry["dtype"] != "F32":
            raise ValueError(f"tensor {name} is {entry['dtype']}; F32 is needed")
        shape, offset = entry["shape"], entry["data_offsets"][0]
        flat = torch.frombuffer(data, dtype=torch.float32, count=math.prod(shape), offset=offset)
        tensors[name] = flat.view(shape)
    return tensors


def read_array(path, dtype, shape):
    with open(path, "rb") as file:
        return torch.frombuffer(bytearray(file.read()), dtype=dtype).view(shape)


def read_input(model, device):
    """What the embedding takes, ready on the device, and the mask of real tokens, (B, 1, 1, T) or None."""
    spec, given, batch = model["spec"], model["input"], len(model["labels"])
    if given["kind"] == "image":
        pixels = read_array(given["pixels"], torch.uint8, (batch, given["side"], given["side"], 3))
        mean, std = torch.tensor(spec["mean"]), torch.tensor(spec["std"])
        return ((pixels / 255 - mean) / std).to(device), None
    ids = read_array(given["ids"], torch.int32, (batch, given["length"])).long()
    real = torch.arange(given["length"]) < torch.tensor(given["lengths"])[:, None]
    ids = ids.where(real, torch.tensor(spec.get("padToken", 0)))
    return ids.to(device), None if real.all() else real[:, None, None, :].to(device)


# --- Measurements: each returns the numbers of its row. ---


def synchronize(device):
    if device == "cuda":
        torch.cuda.synchronize()


def seconds_of(work, device):
    """Median time of a piece of work, of which several are queued before they are waited for."""

    def timed(times):
        synchronize(device)
        start = time.perf_counter()
        for _ in range(times):
            work()
        synchronize(device)
        return (time.perf_counter() - start) / times

    timed(2)
    together = min(1000, math.ceil(0.005 / timed(1)))
    samples, end = [], time.perf_counter() + 0.4
    while len(samples) < 3 or (len(samples) < 15 and time.perf_counter() < end):
        samples.append(timed(together))
    return statistics.median(samples)


def describe(device):
    on_card = {"device": torch.cuda.get_device_name(), "cuda": torch.version.cuda} if device == "cuda" else {}
    where = {"device": platform.machine(), "cuda": None, **on_card}
    return {"version": torch.__version__, **where, "threads": torch.get_num_threads()}


def copy_limit(device):
    size = 2 ** (30 if device == "cuda" else 26)
    source = torch.ones(size, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return {"value": 2 * size / seconds_of(lambda: target.copy_(source), device) / 1e9}


def product_seconds(m, n, k, device, dtype, transposes=(False, False)):
    torch.manual_seed(1)
    shapes = ((m, k), (k, n))
    a, b = (
        torch.randn(shape[::-1] if transposed else shape, device=device, dtype=dtype)
        for shape, transposed in zip(shapes, transposes)
    )
    a, b = (x.t() if transposed else x for x, transposed in zip((a, b), transposes))
    out = torch.empty((m, n), device=device, dtype=dtype)
    return seconds_of(lambda: torch.mm(a, b, out=out), device)


def product_limit(kind, device):
    size = 8192 if device == "cuda" else 1024
    dtype = torch.float16 if kind == "float16" else torch.float32
    torch.backends.cuda.matmul.allow_tf32 = kind == "tf32"
    try:
        return {"value": 2 * size**3 / product_seconds(size, size, size, device, dtype) / 1e9}
    finally:
        torch.backends.cuda.matmul.allow_tf32 = False


def product(m, n, k, transposes, device):
    seconds = product_seconds(m, n, k, device, torch.float32, transposes)
    return {"ms": 1e3 * seconds, "gflops": 2 * m * n * k / seconds / 1e9}


def train(task, model, selection, compiled):
    """Steps from the initial weights on; one batch, as the engines are compared by their time."""
    device, spec, cut = task["device"], model["spec"], selection["cut"]
    if compiled:
        torch.compiler.reset()
    gc.collect()
    if device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    embed, block, head = ARCHITECTURES[model["architecture"]]
    p = {name: tensor.to(device, copy=True) for name, tensor in read_safetensors(model["weights"]).items()}
    trained = [p[name].requires_grad_() for name in selection["tensors"]]
    x, mask = read_input(model, device)
    labels = torch.tensor(model["labels"], device=device)

    def below(p, x):
        x = embed(p, spec, x)
        for index in range(cut):
            x = block(p, spec, index, x, mask)
        return x

    def loss_of(p, x):
        if not selection["warm"]:
            # Without a block below it, the embedding may be among what is trained.
            with torch.set_grad_enabled(cut == 0):
                x = below(p, x)
        for index in range(cut, spec["depth"]):
            x = block(p, spec, index, x, mask)
        return F.cross_entropy(head(p, spec, x, mask), labels)

    if selection["warm"]:
        with torch.no_grad():
            x = below(p, x)
    rates = {"lr": model["learningRate"], "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0}
    optimizer = torch.optim.AdamW(trained, **rates, fused=device == "cuda")
    if compiled:
        loss_of = torch.compile(loss_of, dynamic=False)
    compares = selection["name"] == "full" and not compiled
    losses, times = [], []

    def step():
        synchronize(device)
        start = time.perf_counter()
        loss = loss_of(p, x)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
        synchronize(device)
        times.append(time.perf_counter() - start)

    step()
    step()
    while device == "cuda" and sum(times[1:]) < WARM_UP_SECONDS:
        step()
    warm = len(times)
    for _ in range(task["measured"]):
        step()
    ms = 1e3 * statistics.median(times[warm:])
    while compares and len(losses) < model["losses"]:
        step()
    return {
        "ms": ms,
        "peakBytes": torch.cuda.max_memory_allocated() if device == "cuda" else None,
        "firstLoss": losses[0],
        **({"losses": losses[: model["losses"]]} if compares else {}),
    }


# --- The run. ---


def plan(task):
    """What a row is of, and the work that gives its numbers; the slow compilations come last."""
    device = task["device"]
    yield {"part": "torch"}, functools.partial(describe, device)
    if task["limits"]:
        limit = {"part": "limit", "by": "torch"}
        yield {**limit, "what": "copy", "unit": "GB/s"}, functools.partial(copy_limit, device)
        for kind in ("float32", "tf32", "float16") if device == "cuda" else ("float32",):
            row = {**limit, "what": f"product {kind}", "unit": "GFLOP/s"}
            yield row, functools.partial(product_limit, kind, device)
    for one in task["products"]:
        sizes = {name: one[name] for name in ("m", "n", "k")}
        transposes = (one["transposeA"], one["transposeB"])
        work = functools.partial(product, **sizes, transposes=transposes, device=device)
        yield {"part": "product", "by": "torch", "name": one["name"], **sizes}, work
    for compiled in (False, True):
        by = "torch compiled" if compiled else "torch eager"
        for model in task["models"]:
            if compiled and model["name"] not in task["compiled"]:
                continue
            for selection in model["selections"]:
                row = {"part": "step", "by": by, "model": model["name"], "selection": selection["name"]}
                yield row, functools.partial(train, task, model, selection, compiled)


class Rows:
    """Gives a row for each piece of work, in order. At the deadline the process ends, whatever it is in."""

    def __init__(self, pieces, deadline):
        # Whatever else writes to standard output, a compiler's process for one, is heard on standard error.
        self.out = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
        self.pieces = pieces
        self.done = 0
        self.lock = threading.Lock()
        self.alarm = threading.Timer(max(0, deadline - time.monotonic()), self.end)
        self.alarm.daemon = True
        self.alarm.start()

    def emit(self, index, numbers):
        with self.lock:
            if index < self.done:
                return
            key, _ = self.pieces[index]
            try:
                line = json.dumps({**key, **numbers}, allow_nan=False)
            except ValueError:
                line = json.dumps({**key, "reason": f"not all numbers are finite: {numbers}"})
            print(line, file=self.out, flush=True)
            self.done += 1

    def end(self):
        for index in range(len(self.pieces)):
            self.emit(index, {"reason": "no time was left"})
        os._exit(0)

    def run(self):
        for index, (key, work) in enumerate(self.pieces):
            print(f"{time.monotonic() - STARTED:.1f} s: {key}", file=sys.stderr, flush=True)
            try:
                load_torch()
                numbers = work()
            except Exception as error:
                traceback.print_exc()
                first = next(iter(str(error).splitlines()), "")
                numbers = {"reason": f"{type(error).__name__}: {first}"[:300]}
            self.emit(index, numbers)
        self.alarm.cancel()


def load_torch():
    """Late, so that its absence is a reason too and the time that it takes is within the deadline."""
    global torch, F
    import torch
    import torch.nn.functional as F

    # Only these names: newer ones of the same settings must not be mixed with them.
    torch.set_float32_matmul_precision("highest")
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False


if __name__ == "__main__":
    STARTED = time.monotonic()
    with open(sys.argv[1]) as task_file:
        TASK = json.load(task_file)
    Rows(list(plan(TASK)), STARTED + TASK["seconds"]).run()
