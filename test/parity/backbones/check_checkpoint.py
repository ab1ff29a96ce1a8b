"""Loads a checkpoint that Gauntlet wrote of each backbone into its reference, with strict=True, and checks that every
bit is as it was filled.

    python test/parity/backbones/check_checkpoint.py <id>...   (all without an id)

Environment: see make_fixtures.py; from the root of the repository. Prints one line per backbone, and exits with 1 if
any does not open.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from hash_filling import filled
from make_fixtures import CLASSES
from reference_models import BACKBONES, reference
from safetensors.torch import load_file

WRITER = Path(__file__).parent / "write-checkpoint.ts"


def fault_of(backbone, path):
    written = load_file(path)
    model = reference(backbone, CLASSES).model
    first = {}
    originals = {name: first.setdefault(tensor.data_ptr(), name) if tensor.numel() else name for name, tensor in model.state_dict().items()}
    model.load_state_dict(written, strict=True)
    for name, tensor in model.state_dict().items():
        expected = torch.from_numpy(filled(originals[name], tuple(tensor.shape))) if tensor.is_floating_point() else torch.zeros_like(tensor)
        if written[name].dtype != tensor.dtype or not torch.equal(tensor, expected):
            return f"{name} differs"
    return None


def main():
    faults = 0
    for backbone in sys.argv[1:] or BACKBONES:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "checkpoint.safetensors"
            subprocess.run(["npx", "tsx", WRITER, backbone, str(CLASSES), path], check=True, stderr=subprocess.DEVNULL)
            try:
                fault = fault_of(backbone, path)
            except RuntimeError as error:
                fault = str(error)
        print(f"{backbone}: {fault or 'strict=True, every tensor equal'}", flush=True)
        faults += fault is not None
    sys.exit(faults > 0)


if __name__ == "__main__":
    main()
