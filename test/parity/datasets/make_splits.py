"""Splits as scikit-learn draws them, for libs/science/datasets.

    python -m venv venv && venv/bin/pip install scikit-learn==1.8.0 numpy==2.4.6
    venv/bin/python test/parity/datasets/make_splits.py > test/parity/datasets/splits.json
"""
import json
import sys

import numpy as np
from sklearn.model_selection import train_test_split


def labels_of(sizes, seed):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    return labels if seed is None else np.random.RandomState(seed).permutation(labels)


def case(name, sizes, seed, shuffle=None, **options):
    labels = labels_of(sizes, shuffle)
    train, test = train_test_split(range(len(labels)), stratify=labels, random_state=seed, **options)
    return {"name": name, "sizes": sizes, "labels": labels.tolist(), "seed": seed, **options, "train": train, "test": test}


uneven = [3, 40, 7, 11, 29, 2, 5, 17]
json.dump(
    {
        "numbers": {str(seed): np.random.RandomState(seed).permutation(1000).tolist()[:50] for seed in [0, 1, 42, 4294967295]},
        "cases": [
            case("21 classes of 20, as UC Merced", [20] * 21, 42, test_size=0.2),
            case("85/15 of unequal classes, mixed", uneven, 42, shuffle=3, test_size=0.15),
            case("80/20 of unequal classes", uneven, 42, test_size=0.2),
            case("ties among remainders", [7] * 19, 42, shuffle=1, test_size=0.15),
            case("a subset of 100", [31, 90, 47, 12, 66], 0, shuffle=2, train_size=100),
            case("a subset of 60 with ties", [12] * 13, 0, train_size=60),
            case("another seed", [9, 9, 14], 7, test_size=0.2),
        ],
    },
    sys.stdout,
)
print()
