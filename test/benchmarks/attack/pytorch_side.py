"""The side of the reference AutoAttack in `npm run bench -- attack`. A task is what task.ts says.

    python pytorch_side.py TASK --reference auto-attack     prints a line of JSON once it is ready, runs `standard`
                                                            attack by attack, each once it reads a line, and prints a
                                                            line of JSON for it
    python pytorch_side.py TASK --layouts                   prints the seconds of a pass in each layout
    python pytorch_side.py TASK --logits N                  prints the clean logits of the first N images
    python pytorch_side.py --train FILE                     trains the CNN on the thousand clean digits themselves, so
                                                            that no image holds
"""

import argparse
import json
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

sys.path[:0] = [str(Path(__file__).parents[2] / "parity" / "attacks"), str(Path(__file__).parents[1] / "engine")]
from digit_models import digits, load_model  # noqa: E402
from reference import load_reference  # noqa: E402
from pytorch_models import fill, make_model  # noqa: E402
from robust_digits import RobustDigits  # noqa: E402

LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


def train(file):
    torch.manual_seed(0)
    torch.set_num_threads(1)
    x, y = digits()
    model = RobustDigits()
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(12):
        for rows in torch.randperm(1000).split(50):
            optimiser.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimiser.step()
    save_file(model.state_dict(), file)


def model_of(task):
    """A small model of the parity tests, or a backbone with its normalisation."""
    made, layout = task["reference"], LAYOUTS[task.get("layout", "contiguous")]
    if "model" in made:
        return load_model(made["model"], task["weights"]).to(memory_format=layout)
    model = make_model(made, layout)
    fill(model, task["weights"])
    return model.eval()


def inputs_of(task):
    """Images [n, channels, height, width] and their labels."""
    inputs = load_file(task["inputs"])
    return inputs["images"].permute(0, 3, 1, 2).contiguous(), inputs["labels"].long()


@torch.no_grad()
def print_logits(task, count):
    print(json.dumps({"logits": model_of(task)(inputs_of(task)[0][:count]).tolist()}))


def prepare(task):
    torch.set_num_threads(task["threads"])
    torch.set_flush_denormal(True)  # as TensorFlow does


def gradient_of(model, x):
    x = x.clone().requires_grad_()
    return torch.autograd.grad(model(x).sum(), x)[0]


def forward_of(model, x):
    with torch.no_grad():
        return model(x)


def fastest(run, repetitions=5):
    run()
    times = []
    for _ in range(repetitions):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return min(times)


def print_layouts(task):
    prepare(task)
    x = inputs_of(task)[0][: task["batch"]]
    times = {}
    for layout in LAYOUTS:
        model = model_of({**task, "layout": layout})
        times[layout] = {name: fastest(lambda: of(model, x)) for name, of in (("gradient", gradient_of), ("forward", forward_of))}
    print(json.dumps(times))


def run(task, reference):
    load_reference(reference)
    from autoattack import AutoAttack

    prepare(task)
    model = model_of(task)
    passes = {"forwards": 0, "backwards": 0}

    def count(_, inputs):
        passes["forwards"] += len(inputs[0])
        if inputs[0].requires_grad and torch.is_grad_enabled():
            passes["backwards"] += len(inputs[0])

    model.register_forward_pre_hook(count)
    x, y = inputs_of(task)
    rows = torch.arange(len(x))
    autoattack = AutoAttack(model, norm=task["norm"], eps=task["epsilon"], seed=task["seed"], verbose=False, version="standard", device="cpu")
    print(json.dumps({"ready": True}), flush=True)
    for attack in list(autoattack.attacks_to_run):
        if len(rows) == 0 or not sys.stdin.readline():
            break
        passes.update(forwards=0, backwards=0)
        began, used, attacked = time.perf_counter(), time.process_time(), len(rows)
        autoattack.attacks_to_run = [attack]
        adversarial = autoattack.run_standard_evaluation(x[rows], y[rows], bs=task["batch"])
        times = {"seconds": time.perf_counter() - began, "processorSeconds": time.process_time() - used}
        counted = dict(passes)
        with torch.no_grad():
            rows = rows[model(adversarial).argmax(1) == y[rows]]
        print(json.dumps({"attack": attack, **times, "attacked": attacked, "held": rows.tolist(), **counted, "rows": sum(counted.values())}), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("task", nargs="?", type=json.loads)
    parser.add_argument("--reference", help="checkout of fra31/auto-attack at a3922004")
    parser.add_argument("--logits", type=int)
    parser.add_argument("--layouts", action="store_true")
    parser.add_argument("--train")
    options = parser.parse_args()
    if options.train:
        train(options.train)
    elif options.layouts:
        print_layouts(options.task)
    elif options.logits:
        print_logits(options.task, options.logits)
    else:
        run(options.task, options.reference)


if __name__ == "__main__":
    main()
