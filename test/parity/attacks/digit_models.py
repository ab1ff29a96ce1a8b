"""The models whose verdicts are compared, their weights and the radii at which they are attacked, as in digit-models.ts."""

import gzip
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from robust_digits import RobustDigits
from robust_vit import RobustVit

HERE = Path(__file__).parent
MODELS = {
    "cnn": (RobustDigits, "robust_digits.safetensors", {"Linf": 0.2, "L2": 2.0, "L1": 8.0}),
    "vit": (RobustVit, "robust_vit.safetensors", {"Linf": 0.2, "L2": 1.5, "L1": 4.0}),
}


def load_model(name, weights=None):
    """One of the models, by its own weights or those of another file."""
    architecture, file, _ = MODELS[name]
    model = architecture()
    model.load_state_dict(load_file(weights or HERE / file))
    return model.eval()


def digits():
    """The thousand digits, [1000, 1, 28, 28] in [0, 1], and their labels."""
    stored = gzip.decompress((HERE / "digits.bin.gz").read_bytes())
    pixels = np.frombuffer(stored[:-1000], np.uint8).reshape(1000, 1, 28, 28)
    return torch.tensor(pixels.copy()).float().div(255), torch.tensor(np.frombuffer(stored[-1000:], np.uint8).copy()).long()
