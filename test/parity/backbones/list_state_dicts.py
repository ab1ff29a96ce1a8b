"""Writes state-dicts.json: for every architecture of Gauntlet that timm or RobustBench has, the SHA-256 of its state
dictionary's names and shapes, in order, with a head for 5 classes. architecture-tensors.test.ts compares all of them.

    npx tsx test/parity/backbones/list-architectures.ts > /tmp/architectures
    python test/parity/backbones/list_state_dicts.py < /tmp/architectures

Environment: see make_fixtures.py. Models are made on PyTorch's `meta` device, so that no weight is allocated.
"""

import hashlib
import json
import sys
from pathlib import Path

import timm
import torch
from reference_models import wide_resnet

CLASSES = 5


def digest(model):
    lines = [f"{name} {','.join(map(str, tensor.shape))}" for name, tensor in model.state_dict().items()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def main():
    found = {}
    for line in sys.stdin:
        family, name = line.split()
        with torch.device("meta"):
            if family == "WideResNet":
                found[name] = digest(wide_resnet(name, CLASSES))
            elif timm.is_model(name):
                found[name] = digest(timm.create_model(name, num_classes=CLASSES))
    (Path(__file__).parent / "state-dicts.json").write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
