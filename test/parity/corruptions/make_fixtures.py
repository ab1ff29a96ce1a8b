"""Two small images under every corruption of the reference at every severity, for the parity test of corruptions.

    python -m venv venv && venv/bin/pip install -r test/parity/corruptions/requirements.txt
    venv/bin/python test/parity/corruptions/make_fixtures.py test/parity/corruptions

The test is libs/science/corruptions/src/reference-parity.test.ts. The script writes sheets/<corruption>.png, with a row
for each image (as it was, then severities 1 to 5; the smaller one is padded with black), and distributions.json: the
mean and deviation over REPEATS of the PSNR to the original, in dB, where the reference draws its own numbers.

The reference takes its random numbers from np.random and, in scikit-image, from np.random.default_rng. While it makes
the sheets, these are replaced by Gauntlet's draws for the key (SEED, "parity/<corruption>-<severity>", "image-<index>"),
see draws.py, so that the test can call `corruptImage` with that key. Two of the draws are translated, since Gauntlet
takes one uniform number where the reference takes others: a Poisson number is the quantile of the uniform one, and a
value that impulse noise hits (draw < amount) becomes white where the draw is below half the amount.
"""
import json
import pathlib
import sys
import types
import warnings

import numpy as np
from PIL import Image
from scipy import stats

from draws import normal, uniform

warnings.filterwarnings("ignore")
import imagecorruptions  # noqa: E402

SEED = 20
REPEATS = 1000
STOCHASTIC = ["shot_noise", "impulse_noise", "motion_blur", "snow", "elastic_transform"]
DETERMINISTIC = ["defocus_blur", "zoom_blur", "brightness", "contrast", "pixelate", "jpeg_compression"]
SIZES = [(64, 64), (37, 61)]


def scene(width, height):
    """Waves, a hard-edged square, black, white and grey patches."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    image = np.stack([127 + 100 * np.sin(x / 5 + y / 9), 127 + 120 * np.cos(x / 11), 90 + 80 * np.sin(y / 4 + x * y / 300)], axis=2)
    image[4:14, 5:17] = [250, 20, 60]
    image[15:20, 3:9] = 0
    image[15:20, 20:26] = 255
    image[22:30, 12:22] = 128
    return np.clip(image, 0, 255).astype(np.uint8)


def replaced(name, severity, image, purpose, key):
    """Functions in place of np.random's that give Gauntlet's draws."""
    height, width, _ = image.shape
    one = lambda part="": float(uniform(SEED, purpose + part, key, 1)[0])
    fields = iter([f"{purpose}/x", f"{purpose}/y"])

    def reference_uniform(low=0.0, high=1.0, size=None):
        if size is None:
            return low + (high - low) * one("/direction" if name == "snow" else "")
        return low + (high - low) * uniform(SEED, next(fields), key, height * width).reshape(size)

    def reference_normal(loc=0.0, scale=1.0, size=None):
        return loc + scale * normal(SEED, f"{purpose}/flakes", key, height * width).reshape(size)

    def reference_poisson(mean):
        draws = uniform(SEED, purpose, key, mean.size).reshape(mean.shape)
        return np.maximum(stats.poisson.ppf(draws, mean), 0)

    def reference_generator(_=None):
        amount = [0.03, 0.06, 0.09, 0.17, 0.27][severity - 1]
        draws = uniform(SEED, purpose, key, image.size).reshape(image.shape)
        hit = draws < amount
        # scikit-image compares the first with the amount, and the second with the share of salt, which is one half.
        answers = iter([np.where(hit, 0.0, 1.0), np.where(draws < amount / 2, 0.0, 1.0)])
        return types.SimpleNamespace(random=lambda _shape: next(answers))

    return {"uniform": reference_uniform, "normal": reference_normal, "poisson": reference_poisson, "default_rng": reference_generator}


def corrupted(image, index, name, severity):
    """The image, corrupted by the reference with Gauntlet's draws."""
    stand_ins = replaced(name, severity, image, f"parity/{name}-{severity}", f"image-{index}") if name in STOCHASTIC else {}
    kept = {function: getattr(np.random, function) for function in stand_ins}
    for function, stand_in in stand_ins.items():
        setattr(np.random, function, stand_in)
    try:
        return imagecorruptions.corrupt(image, corruption_name=name, severity=severity)
    finally:
        for function, original in kept.items():
            setattr(np.random, function, original)


def sheet(name):
    height = sum(h for _, h in SIZES)
    pixels = np.zeros((height, 6 * max(w for w, _ in SIZES), 3), np.uint8)
    top = 0
    for index, (width, rows) in enumerate(SIZES):
        image = scene(width, rows)
        for severity in range(6):
            shown = image if severity == 0 else corrupted(image, index, name, severity)
            left = severity * SIZES[0][0]
            pixels[top : top + rows, left : left + width] = shown
        top += rows
    return pixels


def psnr(image, other):
    return 10 * np.log10(255**2 / np.mean((image.astype(np.float64) - other) ** 2))


def distribution(name, severity):
    """The PSNR of the reference with its own draws, which are seeded so that the file can be made again."""
    np.random.seed(SEED)
    fresh = iter(np.random.SeedSequence(SEED).spawn(REPEATS))
    kept = np.random.default_rng
    np.random.default_rng = lambda seed=None: kept(next(fresh) if seed is None else seed)
    try:
        image = scene(*SIZES[0])
        values = [psnr(image, imagecorruptions.corrupt(image, corruption_name=name, severity=severity)) for _ in range(REPEATS)]
    finally:
        np.random.default_rng = kept
    return {"name": name, "severity": severity, "repeats": REPEATS, "mean": float(np.mean(values)), "deviation": float(np.std(values, ddof=1))}


def main(folder):
    (folder / "sheets").mkdir(exist_ok=True)
    for name in STOCHASTIC + DETERMINISTIC:
        Image.fromarray(sheet(name)).save(folder / "sheets" / f"{name}.png", optimize=True)
    distributions = [distribution(name, severity) for name in STOCHASTIC for severity in [3]]
    (folder / "distributions.json").write_text(json.dumps(distributions, indent=1) + "\n")


main(pathlib.Path(sys.argv[1]))
