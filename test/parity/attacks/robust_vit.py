"""The small ViT of the attacks' parity tests, as digits-vit.ts has it. train-robust-vit.ts makes its weights."""

import torch
from torch import nn
from torch.nn import functional as F

PATCH, TOKENS, WIDTH, HEADS, DEPTH = 7, 16, 48, 4, 2


class Block(nn.Module):
    """Transformer block with the norms before attention and MLP (arXiv:2010.11929, equations 2 and 3)."""

    def __init__(self):
        super().__init__()
        self.norm1 = nn.LayerNorm(WIDTH, eps=1e-6)
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.proj = nn.Linear(WIDTH, WIDTH)
        self.norm2 = nn.LayerNorm(WIDTH, eps=1e-6)
        self.fc1 = nn.Linear(WIDTH, 4 * WIDTH)
        self.fc2 = nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x):
        q, k, v = self.qkv(self.norm1(x)).reshape(-1, TOKENS, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(-1, TOKENS, WIDTH)
        x = x + self.proj(mixed)
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


class RobustVit(nn.Module):
    """28 x 28 x 1 in [0, 1] to ten logits, by 16 patches and their mean."""

    def __init__(self):
        super().__init__()
        self.patch_embed = nn.Conv2d(1, WIDTH, PATCH, stride=PATCH)
        self.pos_embed = nn.Parameter(torch.zeros(1, TOKENS, WIDTH))
        self.blocks = nn.ModuleList(Block() for _ in range(DEPTH))
        self.norm = nn.LayerNorm(WIDTH, eps=1e-6)
        self.head = nn.Linear(WIDTH, 10)

    def forward(self, x):
        x = self.patch_embed(x).flatten(2).transpose(1, 2) + self.pos_embed
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x).mean(1))
