"""Operations of training steps by PyTorch's counter: the numbers of packages/fl-core/src/models/work/layer-work.test.ts.

A step of one sample, forward and backward, with the parameters of some layers trained. A norm before the classifier
is part of the head. Grouped convolutions are left out: the counter takes their backward pass for an ungrouped one's.

    python experiments/oracles/step-flops.py
"""

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from transformers import BertConfig, BertForSequenceClassification, ViTConfig, ViTForImageClassification

torch.manual_seed(0)


def count(model, forward, trained):
    for name, parameter in model.named_parameters():
        parameter.requires_grad = any(part in name for part in trained)
    with FlopCounterMode(display=False) as counter:
        forward().sum().backward()
    return counter.get_total_flops()


size = dict(hidden_size=8, num_hidden_layers=3, num_attention_heads=2, intermediate_size=16, num_labels=3)
vit = ViTForImageClassification(ViTConfig(**size, image_size=8, patch_size=2, attn_implementation="eager"))
pixels = torch.randn(1, 3, 8, 8)
bert = BertForSequenceClassification(
    BertConfig(**size, vocab_size=50, max_position_embeddings=16, attn_implementation="eager")
)
ids = torch.arange(10)[None]
convolutions = nn.Sequential(
    nn.Conv2d(3, 4, 3, padding=1, bias=False),
    nn.ReLU(),
    nn.Conv2d(4, 6, 3, stride=2, bias=False),
    nn.AdaptiveAvgPool2d(1),
    nn.Flatten(),
    nn.Linear(6, 3),
)
images = torch.randn(1, 3, 12, 12)

for blocks in ([], [0], [1], [2], [0, 2], [0, 1, 2]):
    # transformers 5 says `layers.0`, before it was `layer.0`
    names = [f"{layer}.{i}." for i in blocks for layer in ("layer", "layers")]
    print(
        blocks,
        count(vit, lambda: vit(pixel_values=pixels).logits, ["classifier", "vit.layernorm.", *names]),
        count(bert, lambda: bert(input_ids=ids).logits, ["classifier", "pooler", *names]),
    )
for layers in ([], ["0."], ["2."], ["0.", "2."]):
    print(layers, count(convolutions, lambda: convolutions(images), ["5.", *layers]))
