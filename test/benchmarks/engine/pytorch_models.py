"""Makes the models that the backbones are compared with, without weights: those of timm, transformers or OpenCLIP, with
their own dropout."""

import torch
from safetensors.torch import load_file

# The settings of google/efficientnet-b0 that differ from EfficientNetConfig's defaults, which are those of b7.
EFFICIENTNET_B0 = {"width_coefficient": 1.0, "depth_coefficient": 1.0, "hidden_dim": 1280, "image_size": 224, "dropout_rate": 0.2, "depthwise_padding": []}


class Normalised(torch.nn.Module):
    """Maps RGB pixels in [0, 1], [batch, 3, side, side], to logits. Normalisation is part of the model, so that attacks
    work on pixels."""

    def __init__(self, model, normalisation):
        super().__init__()
        self.model = model
        self.reversed = normalisation["channelOrder"] == "bgr"
        self.register_buffer("mean", torch.tensor(normalisation["mean"]).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(normalisation["deviation"]).view(1, 3, 1, 1))

    def forward(self, images):
        pixels = images.flip(1) if self.reversed else images
        y = self.model((pixels - self.mean) / self.deviation)
        return y if torch.is_tensor(y) else y.logits


def make_model(assignment, layout):
    model = bare_model(assignment["backbone"], assignment["classes"], assignment["side"])
    return Normalised(model, assignment["normalisation"]).to(memory_format=layout)


def fill(model, file):
    """Loads the assignment's weights into the model, in place, with strict=True."""
    model.model.load_state_dict(load_file(file), strict=True)


def is_random(model):
    """Whether the model draws random numbers in training."""
    rates = [module.p if isinstance(module, torch.nn.Dropout) else getattr(module, "drop_prob", 0) for module in model.modules()]
    return any(rate for rate in rates)


def bare_model(backbone, classes, side):
    # The imports are here because each library takes seconds to import, and most backbones need only one.
    if backbone == "mobilevit-small":
        import transformers

        return transformers.MobileViTForImageClassification(transformers.MobileViTConfig(num_labels=classes))
    if backbone == "efficientnet-b0":
        import transformers

        return transformers.EfficientNetForImageClassification(transformers.EfficientNetConfig(num_labels=classes, **EFFICIENTNET_B0))
    if backbone.startswith("CLIP-convnext_base_w-"):
        import open_clip

        trunk = open_clip.create_model("convnext_base_w", pretrained=None, pretrained_image=False).visual.trunk
        trunk.reset_classifier(classes)
        return trunk
    import timm

    # CoaT's convolutions take any side, but timm's patch embedding takes only the side that it was made for.
    sized = {"img_size": side} if backbone.startswith("coat_") else {}
    return timm.create_model(backbone.removeprefix("robust_"), num_classes=classes, **sized)
