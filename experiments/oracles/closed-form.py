"""A head in closed form, from samples, in numpy: the fixture of packages/fl-core/src/closed-form/solve.test.ts.

    python3 experiments/oracles/closed-form.py > packages/fl-core/src/closed-form/fixtures/heads.json

Written from the samples, where solve.ts has their sums: the hat matrix of each ridge is made and its trace taken, residuals
are those of the samples, and the means and the covariance of the outputs are taken over samples. Nothing is decomposed.
"""

import json

import numpy as np


def head(x, y, classes):
    n, d = x.shape
    target = np.eye(classes)[y]
    mean, shares = x.mean(0), target.mean(0)
    xc, tc = x - mean, target - shares
    variance = (xc**2).mean(0).sum() / d
    best = None
    for step in range(33):
        ridge = variance * 10 ** (step / 4 - 6)
        solve = np.linalg.solve(xc.T @ xc / n + ridge * np.eye(d), xc.T / n)
        freedom = 1 + np.trace(xc @ solve)
        if freedom > 0.98 * n:
            continue
        fitted = xc @ (solve @ tc)
        error = ((tc - fitted) ** 2).sum() / n / (1 - freedom / n) ** 2
        if best is None or error < best[0]:
            best = (error, ridge, freedom, solve @ tc)
    _, ridge, freedom, regression = best
    used = min(0.98, (freedom - 1) / n)  # the mean is taken as known: without a sample of its own a label's is lower
    outputs = xc @ regression + shares
    seen = [c for c in range(classes) if (y == c).any()]
    means = np.zeros((classes, classes))
    within = np.zeros_like(outputs)
    for c in seen:
        means[c] = outputs[y == c].mean(0)
        within[y == c] = outputs[y == c] - means[c]
    covariance = within.T @ within / n / (1 - used) ** 2
    identity = np.eye(classes)
    for c in seen:
        means[c] = identity[c] - (identity[c] - means[c]) / (1 - used)
    covariance += (0.5 + 20 * classes / n) * np.trace(covariance) / classes * identity
    inverse = np.linalg.inv(covariance)
    weight = (regression @ inverse @ means.T)
    bias = np.full(classes, np.nan)
    for c in seen:
        bias[c] = np.log(shares[c]) - means[c] @ inverse @ means[c] / 2 + (shares - mean @ regression) @ inverse @ means[c]
    own = [np.log(shares[c]) - means[c] @ inverse @ means[c] / 2 for c in seen]
    for c in range(classes):
        if c not in seen:
            bias[c] = min(own) - 5
    return 0.5 * weight, 0.5 * bias, ridge


def case(seed, n, d, classes, unseen=()):
    r = np.random.default_rng(seed)
    centres = r.normal(size=(classes, d))
    known = [c for c in range(classes) if c not in unseen]
    y = r.choice(known, size=n)
    mix = r.normal(size=(d, d)) / np.sqrt(d)
    x = (centres[y] + 2 * r.normal(size=(n, d)) @ mix + r.normal(size=d)).astype(np.float32).astype(np.float64)
    weight, bias, ridge = head(x, y, classes)
    return {
        "features": d,
        "classes": classes,
        "x": [float(f"{v:.9g}") for v in x.ravel()],
        "y": y.tolist(),
        "weight": weight.ravel().tolist(),
        "bias": bias.tolist(),
        "ridge": ridge,
    }


print(json.dumps([case(1, 40, 5, 3), case(2, 12, 9, 4, unseen=(2,)), case(3, 60, 4, 2)]))
