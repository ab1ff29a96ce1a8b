"""The verdicts of AutoAttack `standard` on the 1,000 digits: which images hold after each attack.

    python test/parity/attacks/reference_verdicts.py --reference auto-attack --model cnn --norm Linf

`--reference` is a checkout of github.com/fra31/auto-attack at a3922004. The script runs on one core and adds a run to
reference_verdicts.json beside this file, with the logits of the first digits. Without model and norm it makes all runs
that are missing, which takes hours. Verdicts agree image by image only as far as the attacks are reliable: with another
--seed the reference leaves up to four images more or less, so that several runs are kept where one is not enough.
"""

import argparse
import json
import time

import torch

from digit_models import HERE, MODELS, digits, load_model
from reference import load_reference

FILE = HERE / "reference_verdicts.json"


def verdicts(name, norm, seed):
    from autoattack import AutoAttack

    model, eps = load_model(name), MODELS[name][2][norm]
    x, y = digits()
    with torch.no_grad():
        holds = model(x).argmax(1) == y
    found = {"seed": seed, "epsilon": eps, "clean": holds, "seconds": {}}
    autoattack = AutoAttack(model, norm=norm, eps=eps, seed=seed, verbose=False, version="standard", device="cpu")
    for attack in list(autoattack.attacks_to_run):
        began = time.time()
        autoattack.attacks_to_run = [attack]
        rows = holds.nonzero().squeeze(1)
        adversarial = autoattack.run_standard_evaluation(x[rows], y[rows], bs=500)
        holds = holds.clone()
        with torch.no_grad():
            holds[rows] = model(adversarial).argmax(1) == y[rows]
        found[attack] = holds
        found["seconds"][attack] = round(time.time() - began, 1)
        print(name, norm, attack, holds.float().mean().item(), found["seconds"][attack], flush=True)
    return {key: "".join(map(str, value.int().tolist())) if torch.is_tensor(value) else value for key, value in found.items()}


def write(name, logits, norm=None, run=None):
    """Adds logits and one run, or replaces the run of its seed. The file is read anew, since it may have grown."""
    written = json.loads(FILE.read_text()) if FILE.exists() else {}
    entry = written.setdefault(name, {})
    entry["logits"] = logits
    if run:
        others = [other for other in entry.get(norm, []) if other["seed"] != run["seed"]]
        entry[norm] = sorted([*others, run], key=lambda other: other["seed"])
    FILE.write_text(json.dumps(written, indent=2, sort_keys=True) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--reference", required=True, help="checkout of fra31/auto-attack at a3922004")
    parser.add_argument("--model", choices=MODELS)
    parser.add_argument("--norm", choices=["Linf", "L2", "L1"])
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    load_reference(options.reference)
    torch.set_num_threads(1)
    known = json.loads(FILE.read_text()) if FILE.exists() else {}
    for name in [options.model] if options.model else MODELS:
        with torch.no_grad():
            rows = load_model(name)(digits()[0][:8]).tolist()
        logits = [[round(value, 6) for value in row] for row in rows]
        write(name, logits)
        for norm in [options.norm] if options.norm else MODELS[name][2]:
            if options.norm or norm not in known.get(name, {}):
                write(name, logits, norm, verdicts(name, norm, options.seed))


if __name__ == "__main__":
    main()
