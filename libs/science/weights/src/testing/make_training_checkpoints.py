"""Writes checkpoints as training scripts save them: the state dictionary beside an optimiser, arguments and objects of
many classes.

    pip install dill==0.4.1      (beside the environment of test/parity/efficientnet-lite0/make_fixtures.py)
    python libs/science/weights/src/testing/make_training_checkpoints.py

`training.pt` is saved as scripts of today save it. `training-dill.pt` is saved as MadryLab's robustness does (train.py,
`ch.save(…, pickle_module=dill)`): in the format before PyTorch 1.6, with functions pickled by value.
"""

import datetime
from argparse import Namespace
from collections import defaultdict
from functools import partial
from pathlib import Path, PurePosixPath

import dill
import numpy
import torch

FOLDER = Path(__file__).parent


class Config:
    rate = 0.1


def trained():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.Flatten(), torch.nn.Linear(2, 2))
    optimiser = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    model(torch.zeros(2, 3, 3, 3)).sum().backward()
    optimiser.step()
    return model, optimiser


def extras(optimiser):
    return {
        "epoch": 90,
        "optimizer": optimiser.state_dict(),
        "args": Namespace(arch="resnet50", seed=2**63, folder=PurePosixPath("/data"), rates=(0.1, None)),
        "best": numpy.float64(62.5),
        "history": numpy.arange(3),
        "seen": {1, 2},
        "frozen": frozenset({"fc"}),
        "raw": b"\xff\x00",
        "at": datetime.datetime(2020, 1, 1),
        "device": torch.device("cpu"),
        "dtype": torch.float16,
        "counts": defaultdict(int, a=1),
        "config": Config(),
        "loss": partial(max, 1),
        "generator": numpy.random.RandomState(1).get_state(),
        (1, 2): "a key that is no text",
    }


model, optimiser = trained()
torch.save({"state_dict": model.state_dict(), **extras(optimiser)}, FOLDER / "training.pt")
attacked = {f"module.model.{name}": tensor for name, tensor in model.state_dict().items()}
attacked |= {"module.normalizer.new_mean": torch.tensor([[[0.485]], [[0.456]], [[0.406]]])}
# The function is made by `eval`, since its pickle would contain the path of this file otherwise.
dilled = {"model": attacked, "schedule": eval("lambda epoch: 0.1 ** (epoch // 30)"), **extras(optimiser)}
torch.save(dilled, FOLDER / "training-dill.pt", pickle_module=dill, _use_new_zipfile_serialization=False)
