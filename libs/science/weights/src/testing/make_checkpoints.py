"""Writes the small checkpoints beside this file: one state dictionary in both formats of torch.save, before and since
PyTorch 1.6, and as safetensors.

    python libs/science/weights/src/testing/make_checkpoints.py      (environment: test/parity/efficientnet-lite0/make_fixtures.py)
"""

from collections import OrderedDict
from pathlib import Path

import torch
from safetensors.torch import save_file

FOLDER = Path(__file__).parent


def state():
    module = torch.nn.Sequential(OrderedDict(bn=torch.nn.BatchNorm2d(2)))
    numbers = torch.arange(24, dtype=torch.float32)
    tensors = module.state_dict()  # an OrderedDict with `_metadata`
    tensors["permuted"] = numbers.reshape(2, 3, 4).permute(2, 0, 1)
    tensors["window"] = numbers.reshape(4, 6)[1:3, 2:5]
    tensors["tied.first"] = tensors["tied.second"] = numbers
    tensors["parameter"] = torch.nn.Parameter(torch.tensor([[1.5, -2.5]]))
    tensors["empty"] = torch.zeros(0, 3)
    for name in ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8"):
        tensors[f"type.{name}"] = torch.tensor([0, 1, 2, 100]).to(getattr(torch, name))
    tensors["type.bool"] = torch.tensor([True, False])
    return tensors


torch.save(state(), FOLDER / "legacy.pt", _use_new_zipfile_serialization=False)
torch.save({"epoch": 3, "state_dict": state()}, FOLDER / "archive.pt")
save_file({name: tensor.clone().contiguous() for name, tensor in state().items()}, FOLDER / "small.safetensors", {"format": "pt"})
