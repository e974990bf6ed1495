"""The Vision Transformer of packages/fl-core/src/models/architectures/vit in PyTorch, with timm's parameter names."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIDE, PATCH, DIM, DEPTH, HEADS, MLP, EPS = 48, 8, 128, 6, 4, 512, 1e-6


def sine_positions(side: int, dim: int) -> Tensor:
    """Sines and cosines of row and column (Vaswani et al., arXiv 1706.03762, in two dimensions): (side ** 2, dim)."""
    rates = 1 / 100 ** (torch.arange(dim // 4) / (dim // 4))  # (D/4)
    row, column = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    angles = torch.stack([row, column], -1).reshape(-1, 2, 1) * rates  # (T, 2, D/4)
    return torch.cat([angles.sin(), angles.cos()], -1).reshape(side * side, dim)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(DIM, 3 * DIM)
        self.proj = nn.Linear(DIM, DIM)

    @torch.no_grad()
    def imitate_trained(self) -> None:
        """Mimetic initialisation (Trockman and Kolter, arXiv 2305.09828): the products of query and key, and of
        value and projection, start near the multiples of the identity that trained ViTs have there."""
        size = DIM // HEADS
        noise = torch.randn(HEADS + 1, DIM, DIM) / DIM**0.5
        for head in range(HEADS):
            u, s, v = torch.linalg.svd(0.7 * noise[head] + 0.7 * torch.eye(DIM))
            rows = slice(head * size, (head + 1) * size)
            self.qkv.weight[:DIM][rows] = (u[:, :size] * s[:size].sqrt()).T
            self.qkv.weight[DIM : 2 * DIM][rows] = s[:size, None].sqrt() * v[:size]
        u, s, v = torch.linalg.svd(0.4 * noise[HEADS] - 0.4 * torch.eye(DIM))
        self.qkv.weight[2 * DIM :] = s[:, None].sqrt() * v
        self.proj.weight.copy_(u * s.sqrt())

    def forward(self, x: Tensor) -> Tensor:
        b, t, _ = x.shape
        q, k, v = self.qkv(x).reshape(b, t, 3, HEADS, -1).permute(2, 0, 3, 1, 4)  # (B, H, T, D/H) each
        y = F.scaled_dot_product_attention(q, k, v)
        return self.proj(y.transpose(1, 2).reshape(b, t, DIM))


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(DIM, MLP)
        self.fc2 = nn.Linear(MLP, DIM)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1 = nn.LayerNorm(DIM, EPS)
        self.attn = Attention()
        self.norm2 = nn.LayerNorm(DIM, EPS)
        self.mlp = Mlp()

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class PatchEmbed(nn.Module):
    def __init__(self):
        super().__init__()
        self.proj = nn.Conv2d(3, DIM, PATCH, PATCH)

    def forward(self, images: Tensor) -> Tensor:
        return self.proj(images).flatten(2).transpose(1, 2)  # (B, T, D)


class Vit(nn.Module):
    def __init__(self):
        super().__init__()
        grid = SIDE // PATCH
        self.cls_token = nn.Parameter(torch.randn(1, 1, DIM) * 0.2)
        positions = torch.cat([torch.zeros(1, DIM), sine_positions(grid, DIM)])
        self.pos_embed = nn.Parameter(positions[None])  # (1, 1 + T, D)
        self.patch_embed = PatchEmbed()
        self.blocks = nn.ModuleList(Block() for _ in range(DEPTH))
        self.norm = nn.LayerNorm(DIM, EPS)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
        nn.init.xavier_uniform_(self.patch_embed.proj.weight.view(DIM, -1))
        for block in self.blocks:
            block.attn.imitate_trained()

    def forward(self, images: Tensor, kept: Tensor | None = None) -> Tensor:
        """Feature of each image, the normed class token: (B, D).

        `images`: (B, 3, 48, 48). `kept`: (B, K), which patches are looked at; all without it. Leaving out half
        of them makes a step of pretraining twice as fast (Li et al., FLIP, arXiv 2212.00794).
        """
        x = self.patch_embed(images) + self.pos_embed[:, 1:]
        if kept is not None:
            x = x.gather(1, kept[..., None].expand(-1, -1, DIM))  # (B, K, D)
        cls = (self.cls_token + self.pos_embed[:, :1]).expand(len(x), -1, -1)
        x = torch.cat([cls, x], 1)
        for block in self.blocks:
            x = block(x)
        return self.norm(x[:, 0])
