"""Writes one fixture per backbone, with what the reference computes on hash-filled weights. parity.test.ts and
compare.ts compare with it.

    python3 -m venv ~/.cache/gauntlet/parity/venv
    ~/.cache/gauntlet/parity/venv/bin/pip install -r test/parity/backbones/requirements.txt
    ~/.cache/gauntlet/parity/venv/bin/pip install --no-deps robustbench==1.1.1
    ~/.cache/gauntlet/parity/venv/bin/python test/parity/backbones/make_fixtures.py <id>...   (all without an id)

RobustBench has the Wide ResNets, and asks for another timm, which two of its files do not need. All of it runs on the
CPU. A fixture holds the names, shapes and types of the state dict; logits; and the gradients of the mean cross-entropy
with respect to the pixels and to three parameters per kind of module. For a backbone with batch norm it also holds
these gradients in training, and the buffers after that step. It also holds the logits of the same weights made so faint
that the epsilon of every norm matters. Everything but `logits` is computed in float64 and rounded to float32. The
metadata say how far PyTorch's own float32 is off, which tells rounding from error. Labels are the least likely classes,
so that no gradient vanishes. `<id>@<side>` is filled at its native side, and then resized. Large tensors are sampled
(see `sample`); the norm is that of the whole tensor.
"""

import json
import math
import sys
import zlib
from pathlib import Path

import numpy as np
import open_clip
import timm
import torch
import torch.nn.functional as functional
import transformers
from hash_filling import faintness, filled, fixed_images
from reference_models import BACKBONES, GAINS, RESIZED, VARIANTS, reference, resize, side_of
from safetensors.numpy import save_file

FOLDER = Path(__file__).parent / "fixtures"
CLASSES = 5
PER_INPUT, PER_PARAMETER, PER_BUFFER = 4096, 192, 64


def fill(model, gain=1):
    """Fills the model. The scales of norms are multiplied by `gain`. Returns the aliases: names of a tensor that an
    earlier name has too, and that is filled by the earlier name."""
    first, aliases = {}, {}
    for name, tensor in model.state_dict().items():
        original = first.setdefault(tensor.data_ptr(), name) if tensor.numel() else name
        if original != name:
            aliases[name] = original
        elif tensor.is_floating_point():
            tensor.copy_(torch.from_numpy(filled(name, tuple(tensor.shape), gain)))
        else:
            assert name.endswith("num_batches_tracked"), f"{name} is neither floating-point nor a counter of batches"
    return aliases


def sample(tensor, limit):
    """Takes at most about 2 * limit elements at a stride that is coprime with the number of elements, so that they
    spread over every axis."""
    flat = tensor.detach().double().reshape(-1).numpy()
    return flat[:: stride_of(len(flat), limit)].astype(np.float32)


def stride_of(count, limit):
    return next(stride for stride in range(max(1, count // limit), 0, -1) if math.gcd(stride, count) == 1)


def instances(backbone, double):
    built = reference(backbone, CLASSES)
    aliases = fill(built.model, GAINS.get(backbone, 1))
    resize(built.model, backbone)
    return (built.model.double() if double else built.model) and built, aliases


def evaluation(backbone, images, labels=None):
    """Returns logits, labels, the gradient with respect to the pixels, and those of the parameters by name."""
    built, _ = instances(backbone, images.dtype == torch.float64)
    built.model.eval()
    pixels = images.clone().requires_grad_()
    logits = built.logits(pixels)
    labels = logits.argmin(1) if labels is None else labels
    functional.cross_entropy(logits, labels).backward()
    return logits.detach(), labels, pixels.grad, gradients_of(built.model)


def training(backbone, images, labels=None):
    """Returns labels, gradients of the parameters by name, and buffers after one forward and backward pass in training
    mode."""
    built, _ = instances(backbone, images.dtype == torch.float64)
    built.model.train()
    logits = built.logits(images)
    labels = logits.argmin(1) if labels is None else labels
    functional.cross_entropy(logits, labels).backward()
    return labels, gradients_of(built.model), dict(built.model.named_buffers())


def gradients_of(model):
    return {name: parameter.grad for name, parameter in model.named_parameters() if parameter.grad is not None}


def chosen_parameters(model):
    """Chooses the first, middle and last of each parameter of each kind of module."""
    kinds = {}
    for module_name, module in model.named_modules():
        for leaf, parameter in module.named_parameters(recurse=False):
            grouped = getattr(module, "groups", 1) > 1
            kind = (type(module).__name__, grouped, leaf, "head" if module_name.endswith(("head", "head.fc", "classifier")) else "body")
            kinds.setdefault(kind, []).append(f"{module_name}.{leaf}".lstrip("."))
    return sorted({names[i] for names in kinds.values() for i in (0, len(names) // 2, -1)})


def chosen_buffers(buffers):
    names = [name for name in buffers if name.endswith("running_var")]
    some = {names[i * (len(names) - 1) // 7] for i in range(8)} if names else set()
    return sorted(name.replace("running_var", kind) for name in some for kind in ("running_mean", "running_var"))


def cosine_distance(a, b):
    return 1 - functional.cosine_similarity(a.double().flatten(), b.double().flatten(), dim=0).item()


def evaluated(backbone, names):
    """Returns what one forward and backward pass gives in evaluation mode, as tensors and as facts."""
    images = torch.from_numpy(fixed_images(2, side_of(backbone)))
    exact_logits, labels, exact_pixels, exact = evaluation(backbone, images.double())
    logits, _, pixels, single = evaluation(backbone, images, labels)
    tensors = {"logits": logits.numpy(), "input_gradient": sample(exact_pixels, PER_INPUT)}
    tensors |= {f"gradient/{name}": sample(exact[name], PER_PARAMETER) for name in names}
    exact_faint = faint_logits(backbone, images.double())
    return tensors, {
        "faint": {"exactLogits": exact_faint.flatten().tolist(), "off": (faint_logits(backbone, images) - exact_faint).abs().max().item()},
        "labels": labels.tolist(),
        "exactLogits": exact_logits.flatten().tolist(),
        "inputGradient": {"norm": exact_pixels.norm().item(), "turned": cosine_distance(pixels, exact_pixels)},
        "gradients": norms(exact, single, names),
    }


def trained(backbone, names):
    """Returns what one forward and backward pass gives in training mode, for backbones with batch norm: only theirs
    differs."""
    images = torch.from_numpy(fixed_images(4 if side_of(backbone) < 100 else 2, side_of(backbone)))
    labels, exact, buffers = training(backbone, images.double())
    _, single, single_buffers = training(backbone, images, labels)
    moved = chosen_buffers(buffers)
    tensors = {f"training/{name}": sample(exact[name], PER_PARAMETER) for name in names}
    tensors |= {f"buffer/{name}": sample(buffers[name], PER_BUFFER) for name in moved}
    return tensors, {
        "labels": labels.tolist(),
        "gradients": norms(exact, single, names),
        "buffersOff": {name: (single_buffers[name] - buffers[name]).abs().max().item() for name in moved},
    }


def faint_logits(backbone, images):
    """Logits of the weights made faint: there a wrong epsilon shows."""
    built, _ = instances(backbone, False)
    scaled = set()
    for name, tensor in built.model.state_dict().items():
        if tensor.is_floating_point() and tensor.data_ptr() not in scaled:
            scaled.add(tensor.data_ptr())
            tensor.mul_(faintness(name, tuple(tensor.shape)))
    built.model.to(images.dtype).eval()
    with torch.no_grad():
        return built.logits(images).double()


def norms(exact, single, names):
    return {name: {"norm": exact[name].norm().item(), "off": (single[name] - exact[name]).norm().item()} for name in names}


def described(built, aliases):
    """Describes the model: its state dict, as a deflated listing, and the versions and settings that it was made
    with."""
    listing = [[name, list(tensor.shape), str(tensor.dtype).removeprefix("torch.")] for name, tensor in built.model.state_dict().items()]
    deflated = zlib.compress(json.dumps(listing, separators=(",", ":")).encode(), 9)
    return {"state_dict": np.frombuffer(deflated, np.uint8).copy()}, {
        "versions": {"torch": torch.__version__, "timm": timm.__version__, "transformers": transformers.__version__, "open_clip": open_clip.__version__},
        "classes": CLASSES,
        "contract": built.contract,
        "normalisation": {"mean": built.normalisation[0], "deviation": built.normalisation[1], "channelOrder": built.channel_order},
        "parameters": sum(parameter.numel() for parameter in built.model.parameters()),
        "aliases": aliases,
    }


def fixture(backbone):
    built, aliases = instances(backbone, False)
    names = chosen_parameters(built.model)
    unused = set(names) - set(evaluation(backbone, torch.from_numpy(fixed_images(2, side_of(backbone))))[3])
    names = [name for name in names if name not in unused]
    tensors, facts = described(built, aliases)
    more_tensors, more_facts = evaluated(backbone, names)
    tensors, facts = tensors | more_tensors, facts | more_facts
    facts |= {"side": side_of(backbone), "training": None}
    if backbone in GAINS:
        facts["gain"] = GAINS[backbone]
    if any(name.endswith("running_var") for name, _ in built.model.named_buffers()):
        more_tensors, facts["training"] = trained(backbone, names)
        tensors |= more_tensors
    folder = FOLDER / "resized" if backbone in RESIZED else FOLDER / "variants" if backbone in VARIANTS else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{backbone}.safetensors"
    save_file(tensors, path, {"facts": json.dumps(facts)})
    path.chmod(0o644)
    spread = max(facts["exactLogits"]) - min(facts["exactLogits"])
    off = np.abs(tensors["logits"].flatten() - facts["exactLogits"]).max() / spread
    print(f"{backbone}: {facts['side']} px, {path.stat().st_size >> 10} KiB, logits' range {spread:.3g}, float32 off by {off:.1e}, {facts['inputGradient']}, unused {sorted(unused)}", flush=True)


def main():
    torch.manual_seed(0)
    torch.use_deterministic_algorithms(True, warn_only=True)
    for backbone in sys.argv[1:] or BACKBONES + VARIANTS + RESIZED:
        fixture(backbone)


if __name__ == "__main__":
    main()
