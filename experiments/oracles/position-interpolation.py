"""Reference for packages/fl-core/src/models/images/positions.ts: PyTorch's bicubic resize of a square grid.

The same call as Hugging Face transformers' ViTEmbeddings.interpolate_pos_encoding:
interpolate(size=..., mode="bicubic", align_corners=False) on (1, D, G, G) in float64.

    pip install torch==2.13.0
    python experiments/oracles/position-interpolation.py > packages/fl-core/src/models/images/fixtures/bicubic.json
"""

import json

import torch

cases = []
for source, target in [(2, 2), (2, 3), (3, 2), (14, 4), (14, 6), (5, 9)]:
    # Not random, so that the fixture does not depend on a generator: (D=2, G, G).
    grid = torch.arange(2 * source * source, dtype=torch.float64).mul(0.7).sin().reshape(1, 2, source, source)
    resized = torch.nn.functional.interpolate(grid, size=(target, target), mode="bicubic", align_corners=False)
    cases.append(
        {
            "from": source,
            "to": target,
            # Row-major (cells, D), as position embeddings are stored.
            "embeddings": grid[0].permute(1, 2, 0).reshape(-1).tolist(),
            "resized": resized[0].permute(1, 2, 0).reshape(-1).tolist(),
        }
    )
print(json.dumps({"torch": torch.__version__, "dim": 2, "cases": cases}))
