"""Rank correlations with and without ties, and quantiles of Student's t. Wrote statistics.json with SciPy 1.17.1."""

import json
import pathlib

import numpy as np
from scipy import stats

draws = np.random.default_rng(14)
pairs = [(draws.normal(size=n), draws.normal(size=n)) for n in (3, 6, 12)]
pairs += [(draws.integers(4, size=n).astype(float), draws.integers(3, size=n).astype(float)) for n in (6, 12, 30)]
out = {
    "pairs": [
        {
            "a": a.tolist(),
            "b": b.tolist(),
            "spearman": stats.spearmanr(a, b).statistic,
            "kendall": stats.kendalltau(a, b).statistic,
        }
        for a, b in pairs
    ],
    "t": {str(n): stats.t.ppf(0.975, n) for n in (1, 2, 5, 9, 10, 11, 15, 39, 200)},
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(out) + "\n")
