"""Writes libs/vocabulary/study/src/catalogue/published-architectures.ts: what the references say of each backbone of the catalogue.

    python test/parity/backbones/describe_references.py && npx prettier --write libs/vocabulary/study/src/catalogue/published-architectures.ts

Environment: see make_fixtures.py. Parameters with the head the checkpoint was published with; multiply-accumulates of one image at the side the
checkpoint was trained on, as torch.utils.flop_counter counts them (convolutions and matrix products, two operations each).
"""

from pathlib import Path

import timm
import torch
from reference_models import BACKBONES, IMAGENET, ROBUST, reference
from torch.utils.flop_counter import FlopCounterMode

TARGET = Path(__file__).parents[3] / "libs/vocabulary/study/src/catalogue/published-architectures.ts"
# Not timm's: (classes of the published head, side). CLIP's trunk has none.
ELSEWHERE = {"mobilevit-small": (1000, 256), "efficientnet-b0": (1000, 224)}
# Trained without normalisation, as far as is known (libs/science/backbones/src/convnext.ts and vision-transformer.ts say why).
PLAIN = ("robust_convnext_base", "robust_vit_base_patch16_224")
NORMALISATIONS = {IMAGENET: "imageNet", ((0.5,) * 3, (0.5,) * 3): "inception", ((0.0,) * 3, (1.0,) * 3): "plain"}
HEADER = """/** How a checkpoint expects pixels in [0, 1]: `imageNet`, `inception` and `clip` are means and deviations, `plain` is none. */
export type PixelContract = 'imageNet' | 'inception' | 'clip' | 'plain' | 'plain, BGR'

/** Parameters with the published head, multiply-accumulates of one image at the side, the side in pixels, and what the checkpoint expects of pixels. */
type PublishedArchitecture = readonly [parameters: number, multiplyAccumulates: number, side: number, pixels: PixelContract]

/**
 * What the reference implementations (timm 1.0.31, transformers 5.23.0, open_clip 3.3.0) say of each backbone; written by
 * test/parity/backbones/describe_references.py, recomputed from Gauntlet's own models by test/parity/backbones/architectures.test.ts.
 */
export const publishedArchitectures: Readonly<Record<string, PublishedArchitecture>> = {
"""


def classes_and_side(backbone):
    if backbone.startswith("CLIP-"):
        return 0, 256
    if backbone in ELSEWHERE:
        return ELSEWHERE[backbone]
    if backbone in ROBUST:
        return 1000, 224
    config = timm.get_pretrained_cfg(backbone)
    return config.num_classes, config.input_size[1]


def line(backbone):
    classes, side = classes_and_side(backbone)
    built = reference(backbone, classes, side)
    built.model.eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        built.logits(torch.zeros(1, side, side, 3))
    pixels = NORMALISATIONS.get(tuple(tuple(float(value) for value in values) for values in built.normalisation), "clip")
    if backbone in PLAIN:
        pixels = "plain"
    if built.channel_order == "bgr":
        pixels += ", BGR"
    parameters = sum(parameter.numel() for parameter in built.model.parameters())
    return f"  '{backbone}': [{parameters}, {counter.get_total_flops() // 2}, {side}, '{pixels}'],\n"


def main():
    timm.layers.set_fused_attn(False)
    listed = [backbone for backbone in BACKBONES if backbone != "efficientnet_lite0.ra_in1k"]
    TARGET.write_text(HEADER + "".join(line(backbone) for backbone in listed) + "}\n")


if __name__ == "__main__":
    main()
