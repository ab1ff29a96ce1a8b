"""Writes the classes that timm predicts for five real photographs with the real weights, for photographs.test.ts to
compare with.

    ~/.cache/gauntlet/parity/venv/bin/pip install -r test/parity/efficientnet-lite0/requirements.txt scikit-image==0.26.0
    python test/parity/efficientnet-lite0/photographs.py <efficientnet-lite0-57934424.pth>

The photographs ship with scikit-image (public domain or CC0, see its data/README.txt). The largest square from the
middle of each is resized to 128 x 128. Both variants of Lite0 predict, each with its own normalisation.
"""

import sys
from pathlib import Path

import numpy as np
import skimage
import timm
import torch
from make_fixtures import VARIANTS, forward, load
from PIL import Image
from safetensors.numpy import save_file

PHOTOGRAPHS = ("chelsea.png", "coffee.png", "astronaut.png", "rocket.jpg", "motorcycle_left.png")
SIDE = 128


def photograph(name):
    image = Image.open(Path(skimage.__file__).parent / "data" / name).convert("RGB")
    side = min(image.size)
    left, top = ((length - side) // 2 for length in image.size)
    return np.asarray(image.crop((left, top, left + side, top + side)).resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def main():
    weights = torch.load(sys.argv[1], weights_only=True)
    photographs = np.stack([photograph(name) for name in PHOTOGRAPHS])
    images = torch.from_numpy(photographs).permute(0, 3, 1, 2).float() / 255
    tensors = {"photographs": photographs}
    for variant in VARIANTS:
        with torch.no_grad():
            probabilities, classes = forward(load(variant, weights).eval(), variant, images).softmax(1).topk(5)
        tensors |= {f"{variant}/classes": classes.int().numpy(), f"{variant}/probabilities": probabilities.numpy()}
        info = timm.data.ImageNetInfo()
        for name, row, sure in zip(PHOTOGRAPHS, classes.tolist(), probabilities.tolist(), strict=True):
            print(variant, name, [f"{info.index_to_description(index).split(',')[0]} {p:.2f}" for index, p in zip(row, sure, strict=True)])
    save_file(tensors, Path(__file__).parent / "photographs.safetensors", {"torch": torch.__version__, "timm": timm.__version__})
    (Path(__file__).parent / "photographs.safetensors").chmod(0o644)


if __name__ == "__main__":
    main()
