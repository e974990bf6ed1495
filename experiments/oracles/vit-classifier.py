"""Reference for the ViT forward and for the import of transformers' tensor names: a toy ViTForImageClassification.

Writes the model as transformers saves it and, for two input sides, pixels with the logits that transformers gives
(position embeddings interpolated where the side is not the pretrained one).

    pip install torch==2.13.0 transformers==5.23.0
    python experiments/oracles/vit-classifier.py packages/fl-core/src/models/vit/fixtures/transformers
"""

import json
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import ViTConfig, ViTForImageClassification

torch.manual_seed(1)
config = ViTConfig(
    hidden_size=8,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=12,
    image_size=12,
    patch_size=4,
    hidden_act="gelu",
    layer_norm_eps=1e-6,
    num_labels=5,
)
model = ViTForImageClassification(config).eval()
with torch.no_grad():
    # The usual initial values (std 0.02, biases 0) would hide a wrong bias or a swapped norm.
    for parameter in model.parameters():
        parameter.normal_(0, 0.5)

out = Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
# The names and layout of the files on the Hub.
model.save_pretrained(out, safe_serialization=True)
(out / "config.json").unlink()

cases = []
for side in (12, 8):
    pixels = torch.randint(0, 256, (2, side, side, 3), dtype=torch.uint8)
    inputs = (pixels.float() / 255 - 0.5) / 0.5
    with torch.no_grad():
        logits = model(inputs.permute(0, 3, 1, 2), interpolate_pos_encoding=True).logits
    cases.append({"side": side, "pixels": pixels.flatten().tolist(), "logits": logits.flatten().tolist()})
(out / "reference.json").write_text(
    json.dumps({"torch": torch.__version__, "transformers": transformers.__version__, "cases": cases}) + "\n"
)
