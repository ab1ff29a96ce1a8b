"""Makes the reference of every backbone without its weights: the model of timm, transformers or OpenCLIP, in the
versions of requirements.txt."""

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path

import open_clip
import timm
import torch
import transformers

CIFAR10 = ((0.4914, 0.4822, 0.4465), (0.2471, 0.2435, 0.2616))
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))

# robust_* -> the architecture of timm whose names the checkpoint has once its prefixes are removed.
ROBUST = {
    "robust_convnext_base": "convnext_base",
    "robust_convnext_tiny": "convnext_tiny",
    "robust_vit_base_patch16_224": "vit_base_patch16_224",
    "robust_deit_small_patch16_224": "deit_small_patch16_224",
    "robust_resnet50": "resnet50",
}

# The settings of google/efficientnet-b0 that differ from EfficientNetConfig's defaults, which are those of b7.
EFFICIENTNET_B0 = {"width_coefficient": 1.0, "depth_coefficient": 1.0, "hidden_dim": 1280, "image_size": 224, "dropout_rate": 0.2, "depthwise_padding": []}

BACKBONES = """
CLIP-convnext_base_w-laion2B-s13B-b82K CLIP-convnext_base_w-laion_aesthetic-s13B-b82K convnext_base.clip_laion2b_augreg_ft_in12k_in1k
convnext_base.fb_in1k convnext_base.fb_in22k convnext_base.fb_in22k_ft_in1k convnext_tiny.fb_in1k convnext_tiny.fb_in22k
convnext_tiny.fb_in22k_ft_in1k robust_convnext_base robust_convnext_tiny robust_vit_base_patch16_224 vit_base_patch16_224.augreg_in1k
vit_base_patch16_224.augreg_in21k vit_base_patch16_224.augreg_in21k_ft_in1k vit_base_patch16_224.mae vit_base_patch16_clip_224.laion2b
vit_base_patch16_clip_224.laion2b_ft_in1k vit_small_patch16_224.augreg_in1k vit_small_patch16_224.augreg_in21k
vit_small_patch16_224.augreg_in21k_ft_in1k vit_small_patch16_224.dino deit_small_patch16_224.fb_in1k deit_tiny_patch16_224.fb_in1k
robust_deit_small_patch16_224 eva02_base_patch14_224.mim_in22k eva02_tiny_patch14_224.mim_in22k swin_base_patch4_window7_224.ms_in22k_ft_in1k
swin_tiny_patch4_window7_224.ms_in1k coatnet_0_rw_224.sw_in1k coatnet_2_rw_224.sw_in12k coatnet_2_rw_224.sw_in12k_ft_in1k coat_tiny.in1k
edgenext_small.usi_in1k mobilevit-small mobilenetv3_large_100.ra_in1k efficientnet-b0 regnetx_004.pycls_in1k resnet50.a1_in1k robust_resnet50
efficientnet_lite0.ra_in1k tf_efficientnet_lite0.in1k
""".split()

# Architectures of timm beyond the study's, by family; their fixtures are in fixtures/variants.
VARIANTS = """
resnet18 resnet26 resnet34 resnet101 resnet152 wide_resnet50_2 resnext50_32x4d resnext101_32x8d
convnext_small convnext_large convnext_xlarge
vit_tiny_patch16_224 vit_tiny_patch16_384 vit_small_patch32_224 vit_small_patch16_384 vit_base_patch32_224 vit_small_patch14_dinov2
vit_small_patch14_reg4_dinov2 vit_base_patch16_siglip_gap_224 vit_base_patch32_siglip_gap_256 vit_medium_patch16_gap_240
vit_little_patch16_reg4_gap_256 vit_wee_patch16_reg1_gap_256 vit_betwixt_patch16_reg1_gap_256 vit_xsmall_patch16_clip_224
vit_base_patch32_clip_224 vit_base_patch32_clip_quickgelu_224 vit_base_patch32_plus_256 vit_small_patch16_36x1_224 vit_base_patch16_gap_224
vit_base_patch16_224_miil
deit_base_patch16_224 deit_tiny_distilled_patch16_224 deit_small_distilled_patch16_224 deit3_small_patch16_224 deit3_medium_patch16_224
eva02_tiny_patch14_336 eva02_small_patch14_224 eva02_small_patch14_336
swin_small_patch4_window7_224 swin_large_patch4_window7_224 swin_base_patch4_window12_384
coatnet_pico_rw_224 coatnet_nano_rw_224 coatnet_1_rw_224 coatnet_bn_0_rw_224 coatnet_rmlp_nano_rw_224 coatnet_rmlp_1_rw_224
coatnet_rmlp_2_rw_224 coatnet_nano_cc_224
coat_mini coat_small coat_lite_tiny coat_lite_mini coat_lite_small
edgenext_xx_small edgenext_x_small edgenext_base
mobilevit_xxs mobilevit_xs mobilevit_s
mobilenetv3_large_075 mobilenetv3_small_050 mobilenetv3_small_075 mobilenetv3_small_100
efficientnet_b0 efficientnet_b1 efficientnet_b2 efficientnet_b3 efficientnet_b4 tf_efficientnet_b0 tf_efficientnet_b3
efficientnet_lite1 efficientnet_lite2 efficientnet_lite3 efficientnet_lite4 tf_efficientnet_lite3
regnetx_002 regnetx_006 regnetx_008 regnetx_016 regnetx_032 regnetx_064
regnety_002 regnety_004 regnety_008 regnety_016 regnety_032 regnety_064
wide_resnet28_10 wide_resnet34_10 dm_wide_resnet28_10 dm_wide_resnet70_16
""".split()


# What the scales of norms are multiplied by in models that are so deep that filled running statistics let activations
# grow until gates saturate and PyTorch's own float32 is off.
GAINS = {
    **dict.fromkeys(("efficientnet_b4", "tf_efficientnet_b3", "mobilenetv3_large_075", "regnetx_032", "dm_wide_resnet70_16"), 0.9),
    **dict.fromkeys(("regnety_016", "regnety_032", "regnety_064"), 0.8),
    **dict.fromkeys((*(f"efficientnet_lite{i}" for i in (1, 2, 4)), "tf_efficientnet_lite3"), 0.7),
    "efficientnet_lite3": 0.8,
    "coatnet_bn_0_rw_224": 0.4,
}

# Models at other sides than their own, by timm's `set_input_size`; their fixtures are in fixtures/resized.
RESIZED = """
vit_tiny_patch16_224@96 vit_tiny_patch16_224@288 vit_wee_patch16_reg1_gap_256@320 vit_small_patch14_dinov2@224
vit_base_patch16_224_miil@160 deit_tiny_distilled_patch16_224@176 eva02_tiny_patch14_224@168 swin_tiny_patch4_window7_224@32
swin_tiny_patch4_window7_224@128 coatnet_0_rw_224.sw_in1k@96
""".split()


@dataclass(frozen=True)
class Reference:
    """`normalisation` is the mean and the deviation that the checkpoint expects, `contract` the input contract of
    Gauntlet with that normalisation."""

    model: torch.nn.Module
    normalisation: tuple
    channel_order: str = "rgb"
    contract: str = "native"

    def logits(self, images):
        """Computes the logits of images [batch, side, side, 3] in [0, 1]."""
        x = images.permute(0, 3, 1, 2)
        if self.channel_order == "bgr":
            x = x.flip(1)
        mean, deviation = (torch.tensor(values, dtype=x.dtype).view(1, 3, 1, 1) for values in self.normalisation)
        y = self.model((x - mean) / deviation)
        return y if torch.is_tensor(y) else y.logits


def robustbench(module):
    """A file of RobustBench by itself, since its packages import what all its models need."""
    found = Path(importlib.util.find_spec("robustbench").submodule_search_locations[0])
    spec = importlib.util.spec_from_file_location(module, found / "model_zoo/architectures" / f"{module}.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def wide_resnet(name, classes):
    """The Wide ResNet of RobustBench. Its `DMWideResNet` normalises images itself; here that is left to the caller."""
    depth, width = map(int, re.search(r"(\d+)_(\d+)$", name).groups())
    if not name.startswith("dm_"):
        return robustbench("wide_resnet").WideResNet(depth=depth, widen_factor=width, num_classes=classes)
    return robustbench("dm_wide_resnet").DMWideResNet(depth=depth, width=width, num_classes=classes, activation_fn=torch.nn.SiLU, mean=(0.0,) * 3, std=(1.0,) * 3)


def side_of(backbone):
    """Returns the side that the parameters fix, or else a cheap one that makes some feature maps odd-sided."""
    if "@" in backbone:
        return int(backbone.split("@")[1])
    if backbone in VARIANTS and re.match(r"(vit|deit3?|eva02|swin|coatnet)_", backbone):
        return timm.get_pretrained_cfg(backbone).input_size[1]
    if re.match(r"(robust_)?(vit|deit|eva02|swin|coatnet)_", backbone):
        return 224
    if "wide_resnet" in backbone and backbone not in ("wide_resnet50_2",):
        return 32
    return 72 if "convnext" in backbone else 96


def resize(model, backbone):
    """Gives a model of RESIZED its side, with positions made of those that it has."""
    if "@" in backbone:
        model.set_input_size(img_size=(side_of(backbone),) * 2)


def reference(backbone, classes, side=None):
    backbone = backbone.split("@")[0]
    if re.match(r"(dm_)?wide_resnet\d+_\d+$", backbone) and not timm.is_model(backbone):
        plain = ((0.0,) * 3, (1.0,) * 3)
        return Reference(wide_resnet(backbone, classes), CIFAR10 if backbone.startswith("dm_") else plain)
    if backbone.startswith("CLIP-convnext_base_w-"):
        clip = open_clip.create_model("convnext_base_w", pretrained=None, pretrained_image=False)
        trunk = clip.visual.trunk
        trunk.reset_classifier(classes)
        return Reference(without_drop(trunk), (open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD))
    if backbone == "mobilevit-small":
        config = transformers.MobileViTConfig(num_labels=classes)
        return Reference(without_drop(transformers.MobileViTForImageClassification(config)), ((0, 0, 0), (1, 1, 1)), "bgr")
    if backbone == "efficientnet-b0":
        config = transformers.EfficientNetConfig(num_labels=classes, **EFFICIENTNET_B0)
        return Reference(without_drop(transformers.EfficientNetForImageClassification(config)), IMAGENET)
    if backbone in ROBUST:
        return Reference(timm.create_model(ROBUST[backbone], num_classes=classes), IMAGENET, contract="paper")
    # CoaT's convolutions take any side, but timm's patch embedding takes only the side that it was made for.
    sized = {"img_size": side or side_of(backbone)} if backbone.startswith("coat_") else {}
    model = timm.create_model(backbone, num_classes=classes, **sized)
    if backbone.startswith("coatnet_rmlp_"):  # the one of timm's architectures with dropout by default
        without_drop(model)
    return Reference(model, (model.default_cfg["mean"], model.default_cfg["std"]))


def without_drop(model):
    """Turns stochastic depth off and makes dropout keep every value, so that no random number matters. Dropout's
    position and rate still do."""
    for module in model.modules():
        for name, child in module.named_children():
            if isinstance(child, torch.nn.Dropout) and child.p > 0:
                setattr(module, name, KeepingDropout(child.p))
        if hasattr(module, "drop_prob"):
            module.drop_prob = 0.0
    return model


class KeepingDropout(torch.nn.Module):
    def __init__(self, rate):
        super().__init__()
        self.rate = rate

    def forward(self, x):
        return x / (1 - self.rate) if self.training else x
