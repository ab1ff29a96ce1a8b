"""Fixtures of libs/science/datasets: Pillow's bilinear resize, and torchvision's transforms of PIL images.

Pillow 10.4 is that of the study's time. It resizes the width first, where Pillow 13 resizes the height first for some
tall images, which changes some bytes by one level.

    python -m venv venv && venv/bin/pip install pillow==10.4.0 numpy==2.4.6 scikit-learn==1.8.0 torch==2.15.0 torchvision==0.29.2
    venv/bin/python test/parity/datasets/make_fixtures.py > test/parity/datasets/fixtures.json
"""
import base64
import json
import sys
import zlib

import numpy as np
from PIL import Image
from torchvision.transforms import functional as F


def packed(array):
    return base64.b64encode(zlib.compress(np.ascontiguousarray(array).tobytes(), 9)).decode()


def scene(width, height):
    """Waves under a hard-edged rectangle and black, white and grey patches."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    image = np.stack([127 + 100 * np.sin(x / 5 + y / 9), 127 + 120 * np.cos(x / 11), 90 + 80 * np.sin(y / 4 + x * y / 300)], axis=2)
    image[height // 4 : height // 2, width // 5 : width // 2] = [250, 20, 60]
    image[: height // 4, width // 2 :] = 255
    image[height // 2 :, : width // 6] = 0
    return np.clip(image, 0, 255).astype(np.uint8)


def resized():
    cases = []
    for width, height, side in [(28, 28, 64), (28, 28, 32), (61, 37, 32), (37, 61, 64), (200, 131, 32), (1, 1, 8), (3, 90, 16), (32, 48, 32)]:
        image = scene(width, height)
        expected = np.array(Image.fromarray(image).resize((side, side), Image.BILINEAR))
        cases.append({"width": width, "height": height, "side": side, "data": packed(image), "expected": packed(expected)})
    return cases


def photographs():
    """Parts of two photographs that scikit-learn ships (china.jpg and flower.jpg, CC BY 2.0)."""
    from sklearn.datasets import load_sample_images

    china, flower = load_sample_images().images
    return [np.ascontiguousarray(china[150:210, 200:280]), np.ascontiguousarray(flower[120:230, 260:330])]


def photographed():
    images = []
    for image in photographs():
        height, width = image.shape[:2]
        expected = [{"side": side, "expected": packed(np.array(F.resize(Image.fromarray(image), [side, side])))} for side in (48, 65)]
        images.append({"width": width, "height": height, "data": packed(image), "resized": expected})
    return images


def augmented():
    side = 48
    image = F.resize(Image.fromarray(photographs()[0]), [side, side])
    back = lambda result: packed(np.array(result))
    changes = {0: F.adjust_brightness, 1: F.adjust_contrast, 2: F.adjust_saturation}
    jitters = []
    for factors, order in [([1.2, 0.8, 1.1], [0, 1, 2]), ([0.8, 1.25, 0.75], [2, 0, 1]), ([1.25, 1.2, 1.25], [1, 2, 0]), ([0.913, 1.171, 0.834], [2, 1, 0])]:
        result = image
        for change in order:
            result = changes[change](result, factors[change])
        jitters.append({"factors": factors, "order": order, "expected": back(result)})
    rotations = [{"degrees": degrees, "expected": back(F.rotate(image, degrees))} for degrees in [1.7, -1.3, 0.37, -1.999, 20.0, 181.5]]
    return {"side": side, "data": back(image), "flipped": back(F.hflip(image)), "jitters": jitters, "rotations": rotations}


json.dump({"resized": resized(), "photographs": photographed(), "augmented": augmented()}, sys.stdout, indent=1)
print()
