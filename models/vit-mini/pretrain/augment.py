"""Pictures with alpha to what the model sees: moved, coloured, put on a background. Seeded by the generator."""

import math

import torch
import torch.nn.functional as F
from torch import Generator, Tensor
from vit import SIDE

MEAN, STD = 0.5, 0.5
# To luma and chroma, in whose plane a hue is turned (ITU-R BT.601 luma).
YIQ = torch.tensor([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])


def uniform(n: int, low: float, high: float, rng: Generator) -> Tensor:
    return torch.rand(n, generator=rng) * (high - low) + low


def chance(n: int, p: float, rng: Generator) -> Tensor:
    return torch.rand(n, generator=rng) < p


def moved(pictures: Tensor, rng: Generator) -> Tensor:
    """Turned by up to 15 degrees, zoomed, stretched, shifted, mirrored: (B, 4, S, S) to (B, 4, 48, 48)."""
    n = len(pictures)
    angle = uniform(n, -1, 1, rng) ** 3 * math.radians(15)
    zoom = torch.exp(uniform(n, math.log(0.75), math.log(1.15), rng))
    stretch = torch.exp(uniform(n, -0.15, 0.15, rng))
    mirror = 1 - 2 * chance(n, 0.5, rng).float()
    shift = uniform(2 * n, -0.12, 0.12, rng).reshape(n, 2)
    cos, sin = angle.cos() * zoom, angle.sin() * zoom
    rows = [cos * stretch * mirror, -sin, shift[:, 0], sin * stretch * mirror, cos, shift[:, 1]]
    theta = torch.stack(rows, 1).reshape(n, 2, 3)
    grid = F.affine_grid(theta, [n, 4, SIDE, SIDE], align_corners=False)
    return F.grid_sample(pictures, grid, align_corners=False)


def gradients(n: int, rng: Generator) -> Tensor:
    """Each image one colour, or for a third of them a change from one to another: (B, 3, 48, 48)."""
    one = torch.rand(n, 3, 1, 1, generator=rng)
    other = torch.where(chance(n, 1 / 3, rng)[:, None, None, None], torch.rand(n, 3, 1, 1, generator=rng), one)
    angle = uniform(n, 0, 2 * math.pi, rng)[:, None, None]
    line = torch.linspace(-0.5, 0.5, SIDE)
    ramp = (line[None, None, :] * angle.cos() + line[None, :, None] * angle.sin() + 0.5).clamp(0, 1)[:, None]
    return one + (other - one) * ramp


def recoloured(colours: Tensor, alpha: Tensor, rng: Generator) -> Tensor:
    """Hue, saturation, brightness and contrast changed a little, on colours multiplied by alpha."""
    n = len(colours)
    # Mostly near 0: colour says much of what a thing is.
    turn = uniform(n, -1, 1, rng) ** 3 * math.pi * 0.25
    saturation = uniform(n, 0.5, 1.5, rng) * (~chance(n, 0.05, rng)).float()
    zero, one = torch.zeros(n), torch.ones(n)
    cos, sin = turn.cos() * saturation, turn.sin() * saturation
    chroma = torch.stack([one, zero, zero, zero, cos, -sin, zero, sin, cos], 1).reshape(n, 3, 3)
    mix = torch.linalg.inv(YIQ) @ chroma @ YIQ  # (B, 3, 3)
    colours = torch.einsum("bij,bjhw->bihw", mix, colours)
    contrast = uniform(n, 0.7, 1.3, rng)[:, None, None, None]
    brightness = uniform(n, -0.15, 0.15, rng)[:, None, None, None]
    return torch.minimum((colours * contrast + alpha * brightness).clamp(min=0), alpha)


def views(pictures: Tensor, coloured: Tensor, rng: Generator) -> Tensor:
    """A random view of each picture, normalised.

    `pictures`: (B, S, S, 4) uint8, colours multiplied by alpha. `coloured`: (B) bool; the others are shapes in
    black and are filled with a colour. Returns (B, 3, 48, 48) float32.
    """
    n = len(pictures)
    rgba = moved(pictures.permute(0, 3, 1, 2).float() / 255, rng)
    alpha = rgba[:, 3:]
    fill = torch.where(chance(n, 0.4, rng)[:, None, None, None], torch.zeros(1), gradients(n, rng)) * alpha
    front = torch.where(coloured[:, None, None, None], recoloured(rgba[:, :3], alpha, rng), fill)
    plain = chance(n, 0.75, rng)[:, None, None, None]
    back = torch.where(plain, torch.ones(1), gradients(n, rng))
    # A shape must be seen: where it is hardly lighter or darker than what is behind it, white or black goes behind.
    weight = alpha.sum((1, 2, 3)).clamp(min=1)
    front_luma = (front.mean(1, keepdim=True)).sum((1, 2, 3)) / weight
    unseen = ((front_luma - back.mean((1, 2, 3))).abs() < 0.25) & ~coloured
    contrary = (front_luma < 0.5).float()[:, None, None, None].expand_as(back)
    back = torch.where(unseen[:, None, None, None], contrary, back)
    return (front + back * (1 - alpha) - MEAN) / STD


def plain_views(pictures: Tensor) -> Tensor:
    """The whole picture on white, for measuring: (B, S, S, 4) uint8 to (B, 3, 48, 48)."""
    rgba = F.interpolate(pictures.permute(0, 3, 1, 2).float() / 255, (SIDE, SIDE), mode="area")
    return (rgba[:, :3] + 1 - rgba[:, 3:] - MEAN) / STD
