"""What the Skellam distribution is, by big numbers (mpmath) and by scipy, none of it computed as Strata does.

    pip install mpmath scipy
    python experiments/oracles/skellam.py packages/fl-core/src/privacy/fixtures/skellam.json

Written by mpmath 1.3.0 and scipy 1.17.1:
- ratios: log of P(k) over the normal density of the same variance at k, for variances of 4^bits
- cells: how probable each of 64 cells of half a deviation's eighth is (scipy.stats.skellam), variance 4^10
- divergences: Renyi divergences of whole vectors of noise from those moved by a vector of whole numbers, by summing
"""

import json
import sys

from mpmath import besseli, cos, exp, log, mp, mpf, pi
from scipy.stats import skellam

mp.dps = 120


def log_ratio(k: int, bits: int):
    """exp(-mu) I_k(mu) is the integral of exp(mu (cos t - 1)) cos(k t) over a circle; even steps converge as exp(-1/h^2)."""
    mu, deviation = mpf(4) ** bits, mpf(2) ** bits
    step = 1 / (8 * deviation)
    terms = (exp(mu * (cos(i * step) - 1)) * cos(k * i * step) for i in range(1, 8 * 30))
    chance = (1 + 2 * sum(terms)) * step / (2 * pi)
    return log(chance) + mpf(k) ** 2 / (2 * mu) + log(2 * pi * mu) / 2


def divergence(moves: list[int], mu: int, order: int):
    """Of independent numbers divergences add up."""
    mp.dps = 40
    reach = int(40 * mu**0.5) + 40 * (1 + max(moves))
    total = mpf(0)
    for move in moves:
        p = {k: exp(-mpf(mu)) * besseli(abs(k), mu) for k in range(-reach - move, reach + move + 1)}
        mass = sum(p[k] ** order / p[k - move] ** (order - 1) for k in range(-reach + move, reach + 1))
        total += log(mass) / (order - 1)
    return total


def cells(bits: int):
    deviation = 2**bits
    edges = [i * deviation // 16 for i in range(-48, 49)]
    at = [skellam.cdf(edge, deviation**2 / 2, deviation**2 / 2) for edge in edges]
    inner = [b - a for a, b in zip(at, at[1:])]
    return {"edges": edges, "chances": [at[0], *inner, 1 - at[-1]]}


ratios = []
for bits in (10, 11, 13, 20, 26):
    for eighths in (0, 1, 4, 8, 14, 24, 40, 80, 127, 128):
        k = 2**bits * eighths // 8
        ratios.append({"bits": bits, "k": k, "ratio": float(log_ratio(k, bits))})

divergences = []
for mu, moves in ((10, [1]), (10, [3]), (100, [5]), (50, [1, 2, 3]), (200, [0, 7, 1, 1]), (20, [1] * 12)):
    for order in (2, 3, 8, 20):
        value = divergence(moves, mu, order)
        divergences.append({"variance": mu, "moves": moves, "order": order, "divergence": float(value)})

with open(sys.argv[1], "w") as out:
    json.dump({"ratios": ratios, "cells": cells(10), "divergences": divergences}, out, indent=1)
    out.write("\n")
