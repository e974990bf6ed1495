"""Reference for LayersModels: a small convolutional network in PyTorch, and the same as a Keras topology.

model.json and weights.bin as TensorFlow.js keeps them (float32); a batch of images with its logits, its loss and the
gradient of every trained parameter, computed in float64 with batch normalisation in evaluation mode.

    pip install torch==2.13.0 safetensors numpy
    python experiments/oracles/layers-model.py packages/fl-core/src/models/architectures/layers-model/fixtures/network
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.functional import cross_entropy, elu

SIDE, CLASSES, BATCH = 12, 3, 4


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3)
        self.stem_norm = nn.BatchNorm2d(6, eps=1e-3)
        self.inner = nn.Conv2d(6, 6, 3, padding=1, bias=False)
        self.inner_norm = nn.BatchNorm2d(6, eps=1e-3)
        self.depth = nn.Conv2d(6, 12, 3, stride=2, groups=6)
        self.point = nn.Conv2d(12, 5, 1)
        self.hidden = nn.Linear(5 * 2 * 2, 7)
        self.answer = nn.Linear(7, CLASSES)

    def forward(self, x):
        x = nn.functional.max_pool2d(self.stem_norm(self.stem(x)).relu(), 2, stride=1)
        x = x + elu(self.inner_norm(self.inner(x)))
        x = self.point(self.depth(x)).sigmoid()
        x = nn.functional.avg_pool2d(x, 2)
        x = x.permute(0, 2, 3, 1).flatten(1)  # in the order of (height, width, channels)
        return self.answer(self.hidden(x).tanh())


def layer(kind, name, inputs, **config):
    return {
        "class_name": kind,
        "name": name,
        "config": {"name": name, "trainable": True, **config},
        "inbound_nodes": [[[source, 0, 0, {}] for source in inputs]],
    }


def conv(name, source, filters, size, padding="valid", **more):
    fields = {"filters": filters, "kernel_size": [size, size], "padding": padding, **more}
    return layer("Conv2D", name, [source], **fields)


TOPOLOGY = [
    {
        "class_name": "InputLayer",
        "name": "images",
        "config": {"batch_input_shape": [None, SIDE, SIDE, 3], "dtype": "float32", "name": "images"},
        "inbound_nodes": [],
    },
    conv("stem", "images", 6, 3),
    layer("BatchNormalization", "stem_norm", ["stem"], axis=[3], epsilon=1e-3),
    layer("Activation", "stem_relu", ["stem_norm"], activation="relu"),
    layer("MaxPooling2D", "pool", ["stem_relu"], pool_size=[2, 2], strides=[1, 1]),
    conv("inner", "pool", 6, 3, "same", use_bias=False),
    layer("BatchNormalization", "inner_norm", ["inner"], axis=[3], epsilon=1e-3),
    layer("ELU", "inner_elu", ["inner_norm"]),
    layer("Add", "sum", ["pool", "inner_elu"]),
    layer("DepthwiseConv2D", "depth", ["sum"], kernel_size=[3, 3], strides=[2, 2], depth_multiplier=2),
    conv("point", "depth", 5, 1, activation="sigmoid"),
    layer("AveragePooling2D", "mean", ["point"], pool_size=[2, 2]),
    layer("Flatten", "flat", ["mean"]),
    layer("Dropout", "drop", ["flat"], rate=0.5),
    layer("Dense", "hidden", ["drop"], units=7, activation="tanh"),
    layer("Dense", "answer", ["hidden"], units=CLASSES, activation="softmax"),
]


def keras(name, value):
    """A parameter under Keras' name and in its order of axes."""
    module, kind = name.split(".")
    if kind == "weight" and value.dim() == 4:
        if module == "depth":  # (C M, 1, H, W) to (H, W, C, M)
            _, _, height, width = value.shape
            return f"{module}/depthwise_kernel", value.reshape(6, 2, height, width).permute(2, 3, 0, 1)
        return f"{module}/kernel", value.permute(2, 3, 1, 0)
    if kind == "weight" and value.dim() == 2:
        return f"{module}/kernel", value.T
    names = {"running_mean": "moving_mean", "running_var": "moving_variance"}
    if module.endswith("norm"):
        names |= {"weight": "gamma", "bias": "beta"}
    return f"{module}/{names.get(kind, kind)}", value


def main(folder):
    torch.manual_seed(7)
    network = Network().eval()
    with torch.no_grad():
        for name, value in network.state_dict().items():
            if name.endswith("running_var"):
                value.uniform_(0.5, 2)
            elif name.endswith("running_mean"):
                value.normal_(0, 0.3)
            elif "norm" in name and name.endswith("weight"):
                value.uniform_(0.5, 1.5)
            elif value.is_floating_point() and value.dim() == 1:
                value.normal_(0, 0.2)
    state = {k: v for k, v in network.state_dict().items() if v.is_floating_point()}
    tensors = dict(keras(name, value) for name, value in state.items())

    pixels = torch.randint(0, 256, (BATCH, SIDE, SIDE, 3))
    labels = torch.tensor([0, 1, 2, 1])
    network.double()
    logits = network((pixels.double() / 255).permute(0, 3, 1, 2))
    loss = cross_entropy(logits, labels)
    loss.backward()
    gradients = dict(keras(name, p.grad) for name, p in network.named_parameters())

    folder.mkdir(parents=True, exist_ok=True)
    specs = [{"name": n, "shape": list(t.shape), "dtype": "float32"} for n, t in tensors.items()]
    (folder / "weights.bin").write_bytes(
        b"".join(t.contiguous().numpy().astype("<f4").tobytes() for t in tensors.values())
    )
    config = {
        "name": "small_network",
        "layers": TOPOLOGY,
        "input_layers": [["images", 0, 0]],
        "output_layers": [["answer", 0, 0]],
    }
    model = {
        "format": "layers-model",
        "generatedBy": "experiments/oracles/layers-model.py",
        "convertedBy": None,
        "modelTopology": {
            "keras_version": "2.13.1",
            "backend": "tensorflow",
            "model_config": {"class_name": "Functional", "config": config},
        },
        "weightsManifest": [{"paths": ["weights.bin"], "weights": specs}],
    }
    (folder / "model.json").write_text(json.dumps(model, indent=1) + "\n")
    reference = {
        "side": SIDE,
        "size": BATCH,
        "pixels": pixels.flatten().tolist(),
        "labels": labels.tolist(),
        "logits": logits.flatten().tolist(),
        "loss": loss.item(),
    }
    (folder / "reference.json").write_text(json.dumps(reference) + "\n")
    save_file({n: g.float().contiguous() for n, g in gradients.items()}, folder / "gradients.safetensors")


main(Path(sys.argv[1]))
