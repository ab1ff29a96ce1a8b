"""The random numbers of libs/science/engine/src/random.ts, so that a reference can be given Gauntlet's draws.

Uniform numbers are the same to the bit. They come from Philox4x32-10 (Salmon et al., SC 2011). Its key and the upper
half of its counter are the first four words of the SHA-256 of "seed NUL purpose NUL image NUL iteration".
"""
import hashlib

import numpy as np

M32 = np.uint64(0xFFFFFFFF)


def words(seed, purpose, image, count):
    """`count` random uint32, as uint64."""
    digest = hashlib.sha256(f"{seed}\0{purpose}\0{image}\0".encode()).digest()
    k0, k1, c2, c3 = (np.uint64(int.from_bytes(digest[4 * i : 4 * i + 4], "big")) for i in range(4))
    blocks = np.arange(-(-count // 4), dtype=np.uint64)
    c0, c1, c2, c3 = blocks, np.zeros_like(blocks), np.full_like(blocks, c2), np.full_like(blocks, c3)
    for _ in range(10):
        product0, product1 = np.uint64(0xD2511F53) * c0, np.uint64(0xCD9E8D57) * c2
        c0, c1, c2, c3 = (product1 >> np.uint64(32)) ^ c1 ^ k0, product1 & M32, (product0 >> np.uint64(32)) ^ c3 ^ k1, product0 & M32
        k0, k1 = (k0 + np.uint64(0x9E3779B9)) & M32, (k1 + np.uint64(0xBB67AE85)) & M32
    return np.stack([c0, c1, c2, c3], axis=1).reshape(-1)[:count]


def uniform(seed, purpose, image, count):
    """`count` uniform numbers in [0, 1), of 24 bits each."""
    return (words(seed, purpose, image, count) >> np.uint64(8)) / 2.0**24


def normal(seed, purpose, image, count):
    """`count` normal numbers by the Box-Muller transform, rounded to float32."""
    pairs = words(seed, purpose, image, count + count % 2).reshape(-1, 2) >> np.uint64(8)
    radius = np.sqrt(-2 * np.log((pairs[:, 0] + 0.5) / 2.0**24))
    angle = 2 * np.pi * (pairs[:, 1] / 2.0**24)
    values = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return values.reshape(-1)[:count].astype(np.float32).astype(np.float64)
