"""Writes libs/vocabulary/study/src/catalogue/architectures.ts: what timm says of every architecture that Gauntlet has.

    npx tsx test/parity/backbones/list-architectures.ts > /tmp/architectures
    python test/parity/backbones/describe_architectures.py < /tmp/architectures

Environment: see make_fixtures.py. Nothing is downloaded and no weight is allocated: models are made on PyTorch's `meta`
device. `multiplyAccumulates` is what torch.utils.flop_counter counts for one image (two operations each).
"""

import sys
from collections import defaultdict
from pathlib import Path

import timm
import torch
from reference_models import wide_resnet
from torch.utils.flop_counter import FlopCounterMode

TARGET = Path(__file__).parents[3] / "libs/vocabulary/study/src/catalogue/architectures.ts"
PIXELS = {
    ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)): "imageNet",
    ((0.5,) * 3, (0.5,) * 3): "inception",
    ((0.0,) * 3, (1.0,) * 3): "plain",
    ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)): "clip",
}
HEADER = """import type { Architectures } from './backbone-facts.ts'

/* Written by test/parity/backbones/describe_architectures.py from timm 1.0.31. */
"""


def pixels_of(config):
    return PIXELS.get((tuple(map(float, config.mean)), tuple(map(float, config.std))))


def checkpoint(name, side, pixels):
    """A tag of a published checkpoint, with what differs from the architecture; None where it cannot be fed."""
    config = timm.get_pretrained_cfg(name)
    if not config.has_weights or pixels_of(config) is None:
        return None
    classes, own_side = config.num_classes, config.input_size[1]
    return "".join(
        [
            name.split(".", 1)[1],
            "" if classes == 1000 else f":{classes}",
            "" if own_side == side else f"@{own_side}",
            "" if pixels_of(config) == pixels else f"/{pixels_of(config)}",
        ]
    )


def described(name):
    config = timm.get_pretrained_cfg(name)
    side, pixels = config.input_size[1], pixels_of(config) or "imageNet"
    with torch.device("meta"):
        model = timm.create_model(name, num_classes=1000).eval()
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            model(torch.zeros(1, 3, side, side))
    tags = [config.tag] + [each.split(".", 1)[1] for each in timm.list_models(f"{name}.*", include_tags=True)]
    names = dict.fromkeys(f"{name}.{tag}" for tag in tags if tag)
    known = [each for each in (checkpoint(each, side, pixels) for each in names) if each]
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return (
        f"{{ side: {side}, pixels: '{pixels}', features: {model.head_hidden_size}, parameters: {parameters}, "
        f"multiplyAccumulates: {counter.get_total_flops() // 2}, checkpoints: '{' '.join(known)}' }}"
    )


def described_wide_resnet(name):
    side, pixels = 32, "cifar10" if name.startswith("dm_") else "plain"
    with torch.device("meta"):
        model = wide_resnet(name, 1000).eval()
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            model(torch.zeros(1, 3, side, side))
    features = 64 * int(name.rpartition("_")[2])
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return (
        f"{{ side: {side}, pixels: '{pixels}', features: {features}, parameters: {parameters}, "
        f"multiplyAccumulates: {counter.get_total_flops() // 2}, checkpoints: '' }}"
    )


def main():
    timm.layers.set_fused_attn(False)
    families = defaultdict(list)
    for line in sys.stdin:
        family, name = line.split()
        if family == "WideResNet":
            families[family].append(f"  {name}: {described_wide_resnet(name)},")
        elif timm.is_model(name):
            families[family].append(f"  {name}: {described(name)},")
            print(family, name, file=sys.stderr)
    text = HEADER
    for family, lines in families.items():
        constant = "".join(letter for letter in family if letter.isalnum())
        constant = {"EVA02": "eva02", "ViT": "vit", "DeiT": "deit"}.get(constant, constant[0].lower() + constant[1:])
        text += f"\n// prettier-ignore\nexport const {constant}Architectures: Architectures = {{\n" + "\n".join(lines) + "\n}\n"
    TARGET.write_text(text)


if __name__ == "__main__":
    main()
