"""A nested bootstrap of a ranking, written apart from libs/use/analysis: plain loops over images, without bits."""
import hashlib
import math

import numpy as np
from scipy import stats

DRAWS = 60
SEED = 7
CONFIGURATIONS = 5
SEEDS = [1, 3, 2, 1, 4]
IMAGE_SETS = [("pets", 37), ("cars", 64)]
PERTURBATIONS = 3


def words(purpose, draw, count):
    """Philox4x32-10 (Salmon et al. 2011) under the SHA-256 of seed and purpose."""
    digest = hashlib.sha256(f"{SEED}\0{purpose}\0\0".encode()).hexdigest()
    k0, k1, c2, c3 = (int(digest[i : i + 8], 16) for i in (0, 8, 16, 24))
    drawn = []
    for block in range(math.ceil(count / 4)):
        drawn += philox([block, draw, c2, c3], [k0, k1])
    return drawn[:count]


def philox(counter, key):
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        a, b = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (b >> 32) ^ c1 ^ k0, b & 0xFFFFFFFF, (a >> 32) ^ c3 ^ k1, a & 0xFFFFFFFF
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return [c0, c1, c2, c3]


# The published test vectors of Random123 (kat_vectors, philox4x32 10).
assert philox([0] * 4, [0] * 2) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
assert philox([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2) == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]


def below(word, limit):
    return word * limit >> 32


def scores(accuracies, by):
    """Of accuracies[set][perturbation][configuration]."""
    total = np.zeros(CONFIGURATIONS)
    for columns in accuracies:
        if by == "sum":
            total += np.sum(columns, axis=0)
        elif by == "geometric":
            total += np.prod(columns, axis=0)
        else:
            total += sum(stats.rankdata(np.round(column, 12), method="min") for column in columns)
    return total


def places(values):
    return stats.rankdata(-np.round(values, 12), method="min")


def bootstrap_fixture():
    rng = np.random.default_rng(11)
    strength = np.linspace(0.35, 0.6, CONFIGURATIONS)
    held = [
        [
            [[rng.random(n) < strength[c] for _ in range(SEEDS[c])] for c in range(CONFIGURATIONS)]
            for _ in range(PERTURBATIONS)
        ]
        for _, n in IMAGE_SETS
    ]
    all_seeds = [list(range(count)) for count in SEEDS]
    drawn = [one_draw(held, draw) for draw in range(DRAWS)]
    return {
        "seed": SEED,
        "draws": DRAWS,
        "imageSets": [
            {
                "name": name,
                "images": n,
                "held": [[[text(seed) for seed in seeds] for seeds in perturbation] for perturbation in held[i]],
            }
            for i, (name, n) in enumerate(IMAGE_SETS)
        ],
        "results": {by: summary(accuracies(held, all_seeds, None), drawn, by) for by in ("sum", "geometric", "borda")},
        "words": {"draw": 3, "purpose": "bootstrap seeds", "words": words("bootstrap seeds", 3, 10)},
    }


def one_draw(held, draw):
    picks = words("bootstrap seeds", draw, sum(SEEDS))
    seeds = []
    for count in SEEDS:
        seeds.append([below(word, count) for word in picks[:count]])
        picks = picks[count:]
    images = [[below(word, n) for word in words(f"bootstrap images {name}", draw, n)] for name, n in IMAGE_SETS]
    return accuracies(held, seeds, images)


def accuracies(held, seeds, images):
    return [
        [
            [np.mean([np.mean(outcomes[s][pick(images, i)]) for s in seeds[c]]) for c, outcomes in enumerate(column)]
            for column in perturbations
        ]
        for i, perturbations in enumerate(held)
    ]


def pick(images, i):
    """The drawn images of a set, or all of them."""
    return slice(None) if images is None else images[i]


def text(outcomes):
    return "".join("1" if held else "0" for held in outcomes)


def summary(measured, drawn, by):
    score = scores(measured, by)
    draws = np.array([scores(accuracy, by) for accuracy in drawn])
    ranks = np.array([places(row) for row in draws])
    first = ranks == 1
    share = (first / first.sum(axis=1, keepdims=True)).mean(axis=0)
    ends = lambda column: [np.sort(column)[max(0, math.ceil(share * DRAWS - 1e-9) - 1)] for share in (0.025, 0.975)]
    return [
        {
            "score": score[c],
            "rank": places(score)[c],
            "scoreInterval": ends(draws[:, c]),
            "rankInterval": ends(ranks[:, c]),
            "firstShare": share[c],
        }
        for c in range(CONFIGURATIONS)
    ]
