"""Makes weights and images by a formula, with the same bits as hash-filling.ts, so that fixtures hold only what a
reference computes.

Element i of the tensor `name` is centre + spread * u, in float64, rounded once to float32; u in [-1, 1) comes from the
24 highest bits of a hash (MurmurHash3's finaliser) of i and FNV-1a of the name. Centre and spread are chosen so that
every branch of a network affects its logits.
"""

import re

import numpy as np

# (pattern of the last part of a name, number of dimensions or None for any, centre, spread); the first rule that
# matches is used.
RULES = [
    (r"running_var$", None, 1.0, 0.5),
    (r"running_mean$", None, 0.0, 0.3),
    (r"temperature$", None, 1.0, 0.5),
    (r"gamma", None, 0.1, 0.05),
    (r"(_token\d?|_embed|_table)$", None, 0.0, 0.5),
    (r"weight$", 1, 1.0, 0.3),
    (r"", 1, 0.0, 0.2),
]


def fnv1a(text):
    digest = 0x811C9DC5
    for byte in text.encode():
        digest = ((digest ^ byte) * 0x01000193) & 0xFFFFFFFF
    return digest


def hashes(name, count):
    """Returns one uint32 per element."""
    x = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B1) + np.uint32(fnv1a(name))
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        x = (x ^ (x >> np.uint32(shift))) * np.uint32(factor)
    return x ^ (x >> np.uint32(16))


def centre_and_spread(name, shape):
    leaf = name.rpartition(".")[2]
    for pattern, dimensions, centre, spread in RULES:
        if re.search(pattern, leaf) and dimensions in (None, len(shape)):
            return centre, spread
    return 0.0, float(np.sqrt(6 / np.prod(shape[1:], dtype=np.float64)))


def filled(name, shape, gain=1):
    """Returns a float32 array of the shape. The scales of norms are multiplied by `gain`."""
    centre, spread = centre_and_spread(name, shape)
    if name.endswith(".weight") and len(shape) == 1:
        centre, spread = gain * centre, gain * spread
    units = ((hashes(name, int(np.prod(shape))) >> np.uint32(8)).astype(np.float64) - 2**23) / 2**23
    return (centre + spread * units).astype(np.float32).reshape(shape)


def faintness(name, shape):
    """Returns the factor that brings the deviations that norms divide by near their epsilon. Powers of two round
    nothing."""
    leaf = name.rpartition(".")[2]
    if leaf == "running_var":
        return 2.0**-12
    if "gamma" in leaf:
        return 2.0**6  # scales a branch of a residual sum, so that the branch still matters in it
    is_scale = leaf.endswith("temperature") or (leaf == "weight" and len(shape) == 1)
    return 1.0 if is_scale else 2.0**-6


def fixed_images(count, side):
    """Returns [count, side, side, 3], float32 in [0, 1]: a ramp with noise, so that images and neighbouring pixels
    differ."""
    image, y, x, channel = np.meshgrid(*(np.arange(n) for n in (count, side, side, 3)), indexing="ij")
    noise = hashes("images", count * side * side * 3).reshape(image.shape) >> np.uint32(25)
    return ((4 * x + 2 * y + 40 * channel + 64 * image + noise) % 256 / 255).astype(np.float32)
