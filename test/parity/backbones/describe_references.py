"""Writes `model` of every entry of libs/vocabulary/study/src/catalogue/backbone-table.ts: what the references say of
each backbone.

    python test/parity/backbones/describe_references.py && npx prettier --write libs/vocabulary/study/src/catalogue/backbone-table.ts

Environment: see make_fixtures.py. `classes` and `parameters` are those of the checkpoint as it was published,
`multiplyAccumulates` those of one image at the side it was trained on, as torch.utils.flop_counter counts them
(convolutions and matrix products, two operations each).
"""

import re
from pathlib import Path

import timm
import torch
from reference_models import BACKBONES, IMAGENET, ROBUST, reference
from torch.utils.flop_counter import FlopCounterMode

TARGET = Path(__file__).parents[3] / "libs/vocabulary/study/src/catalogue/backbone-table.ts"
# Backbones that timm does not have: (classes of the published head, side).
ELSEWHERE = {"mobilevit-small": (1000, 256), "efficientnet-b0": (1000, 224)}
# Trained without normalisation, as far as is known; their entries in the table say why.
PLAIN = ("robust_convnext_base", "robust_vit_base_patch16_224")
PIXELS = {IMAGENET: "imageNet", ((0.5,) * 3, (0.5,) * 3): "inception", ((0.0,) * 3, (1.0,) * 3): "plain"}


def classes_and_side(backbone):
    if backbone.startswith("CLIP-"):
        return 0, 256  # the trunk of a CLIP has no head
    if backbone in ELSEWHERE:
        return ELSEWHERE[backbone]
    if backbone in ROBUST:
        return 1000, 224
    config = timm.get_pretrained_cfg(backbone)
    return config.num_classes, config.input_size[1]


def described(backbone):
    """The entry's `model` in TypeScript."""
    classes, side = classes_and_side(backbone)
    built = reference(backbone, classes, side)
    built.model.eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        built.logits(torch.zeros(1, side, side, 3))
    pixels = PIXELS.get(tuple(tuple(float(value) for value in values) for values in built.normalisation), "clip")
    if backbone in PLAIN:
        pixels = "plain"
    if built.channel_order == "bgr":
        pixels += "Bgr"
    parameters = sum(parameter.numel() for parameter in built.model.parameters())
    multiplies = counter.get_total_flops() // 2
    return f"{{ classes: {classes}, side: {side}, pixels: '{pixels}', parameters: {parameters}, multiplyAccumulates: {multiplies} }}"


def with_model(table, backbone, model):
    """The table with `model` in the entry of the backbone."""
    entry = rf"(?ms)(^    '?{re.escape(backbone)}'?: {{$(?:(?!^    }}).)*?^      model: ){{[^}}]*}}"
    changed, count = re.subn(entry, lambda match: match[1] + model, table)
    assert count == 1, f"{TARGET} has {count} entries {backbone} with a `model`"
    return changed


def main():
    timm.layers.set_fused_attn(False)
    table = TARGET.read_text()
    for backbone in BACKBONES:
        table = with_model(table, backbone, described(backbone))
    TARGET.write_text(table)


if __name__ == "__main__":
    main()
