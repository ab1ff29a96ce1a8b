"""What AutoAttack `standard` makes of the 1,000 digits in each norm: which images hold after each attack, on one core.

    python test/parity/attacks/reference_verdicts.py --reference auto-attack --norm Linf     (a checkout of github.com/fra31/auto-attack at a3922004)

Adds to reference_verdicts.json beside this file. The reference draws its noise anew: verdicts agree image by image only as far as the attacks are reliable.
"""

import argparse
import gzip
import json
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from reference import load_reference
from robust_digits import RobustDigits

HERE = Path(__file__).parent
EPSILONS = {"Linf": 0.2, "L2": 2.0, "L1": 8.0}


def digits():
    stored = gzip.decompress((HERE / "digits.bin.gz").read_bytes())
    pixels = np.frombuffer(stored[:-1000], np.uint8).reshape(1000, 1, 28, 28)
    return torch.tensor(pixels.copy()).float().div(255), torch.tensor(np.frombuffer(stored[-1000:], np.uint8).copy()).long()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--reference", required=True, help="checkout of fra31/auto-attack at a3922004")
    parser.add_argument("--norm", required=True, choices=EPSILONS)
    options = parser.parse_args()
    load_reference(options.reference)
    from autoattack import AutoAttack

    torch.set_num_threads(1)
    model = RobustDigits()
    model.load_state_dict(load_file(HERE / "robust_digits.safetensors"))
    model.eval()
    x, y = digits()
    with torch.no_grad():
        holds = model(x).argmax(1) == y
    found = {"epsilon": EPSILONS[options.norm], "clean": holds.int().tolist(), "seconds": {}}
    judge = AutoAttack(model, norm=options.norm, eps=EPSILONS[options.norm], seed=0, verbose=False, version="standard", device="cpu")
    for attack in list(judge.attacks_to_run):
        began = time.time()
        judge.attacks_to_run = [attack]
        rows = holds.nonzero().squeeze(1)
        adversarial = judge.run_standard_evaluation(x[rows], y[rows], bs=500)
        with torch.no_grad():
            holds[rows] = model(adversarial).argmax(1) == y[rows]
        found[attack] = holds.int().tolist()
        found["seconds"][attack] = round(time.time() - began, 1)
        print(options.norm, attack, holds.float().mean().item(), found["seconds"][attack], flush=True)
    path = HERE / "reference_verdicts.json"
    written = json.loads(path.read_text()) if path.exists() else {}
    written[options.norm] = {key: "".join(map(str, value)) if isinstance(value, list) else value for key, value in found.items()}
    path.write_text(json.dumps(written, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
