"""Opens a checkpoint that Gauntlet wrote, with PyTorch and timm, and compares it with the published one bit for bit.

    python check_checkpoint.py <written by Gauntlet>.safetensors <efficientnet-lite0-57934424.pth>

Prints the digest that efficientnet-lite0.test.ts expects of the same file. Environment: see make_fixtures.py.
"""

import hashlib
import sys
from pathlib import Path

import timm
import torch
from safetensors.torch import load_file

written, published = load_file(sys.argv[1]), torch.load(sys.argv[2], weights_only=True)
model = timm.create_model("efficientnet_lite0")
model.load_state_dict(written, strict=True)
for (name, tensor), original in zip(model.state_dict().items(), published.values(), strict=True):
    assert tensor.dtype == original.dtype and torch.equal(tensor, original), name
print(hashlib.sha256(Path(sys.argv[1]).read_bytes()).hexdigest())
