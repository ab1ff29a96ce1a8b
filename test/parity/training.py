"""What PyTorch computes for libs/science/training: AdamW, the objectives' losses, gradients and batch norm buffers, and a whole short training.

    python test/parity/training.py      (torch 2.15.0, CPU; writes fixtures/training.json and fixtures/training-curves.json beside this file)

Everything but the curves is float64, so that the fixture is the exact side of the comparison; the curves are float32 on both sides. Weights and
images come from `pattern`, which the test repeats in TypeScript. The model: 3x3 convolution 3 -> 4 (padding 1), batch norm, ReLU6, global mean,
linear 4 -> 3.
"""

import json
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)
CLASSES, SIDE, IMAGES = 3, 5, 6
LABELS = torch.tensor([0, 1, 2, 2, 1, 0])


def pattern(shape, offset, scale=1.0, shift=0.0):
    """Numbers in +- scale / 2, plus shift; exact in float64 and the same in any language."""
    count = int(torch.Size(shape).numel())
    values = [((i * 7919 + offset * 104729) % 1009) / 1009 - 0.5 for i in range(count)]
    return torch.tensor(values).mul(scale).add(shift).to(torch.float32).to(torch.float64).reshape(shape)


class TinyNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(4)
        self.fc = nn.Linear(4, CLASSES)
        with torch.no_grad():
            self.conv.weight.copy_(pattern(self.conv.weight.shape, 1))
            self.bn.weight.copy_(pattern([4], 2, 0.5, 1.0))
            self.bn.bias.copy_(pattern([4], 3, 0.2, 0.3))
            self.bn.running_mean.copy_(pattern([4], 4, 0.1))
            self.bn.running_var.copy_(pattern([4], 5, 0.4, 0.8))
            self.fc.weight.copy_(pattern(self.fc.weight.shape, 6, 2.0))
            self.fc.bias.copy_(pattern([CLASSES], 7, 0.2))

    def forward(self, x):
        return self.fc(F.relu6(self.bn(self.conv(x))).mean(dim=(2, 3)))


def images():
    """NCHW here; the test lays the same numbers out as NHWC."""
    return pattern([IMAGES, SIDE, SIDE, 3], 8, 1.0, 0.5).permute(0, 3, 1, 2).contiguous()


def attacked():
    return (pattern([IMAGES, SIDE, SIDE, 3], 8, 1.0, 0.5) + pattern([IMAGES, SIDE, SIDE, 3], 9, 0.2)).clamp(0, 1).permute(0, 3, 1, 2).contiguous()


def batches(count, size):
    """Batches of images whose colour channel `label` is brighter, and of their labels 0, 1, 2, 0, ... : what a model can learn."""
    labels = torch.arange(count * size) % CLASSES
    pixels = pattern([count * size, SIDE, SIDE, 3], 8, 0.6, 0.4) + 0.25 * F.one_hot(labels, CLASSES)[:, None, None, :]
    pixels = pixels.to(torch.float32).permute(0, 3, 1, 2).contiguous()
    return list(zip(pixels.split(size), labels.split(size)))


def state(model):
    return {name: value.reshape(-1).tolist() for name, value in model.state_dict().items()}


def objective(name, model, beta=1.0):
    if name == "standard":
        return F.cross_entropy(model(images()), LABELS)
    if name == "Classic AT":
        return F.cross_entropy(model(attacked()), LABELS)
    clean, adversarial = model(images()), model(attacked())
    kl = F.kl_div(F.log_softmax(adversarial, 1), F.softmax(clean, 1), reduction="batchmean")
    return F.cross_entropy(clean, LABELS) + beta * kl


def one_pass(name, beta):
    model = TinyNet().train()
    loss = objective(name, model, beta)
    loss.backward()
    gradients = {key: value.grad.reshape(-1).tolist() for key, value in model.named_parameters()}
    buffers = {key: value.reshape(-1).tolist() for key, value in model.named_buffers()}
    return {"loss": name, "beta": beta, "value": loss.item(), "gradients": gradients, "buffers": buffers}


def adamw(learning_rate, weight_decay):
    parameter = nn.Parameter(pattern([7], 10))
    optimiser = torch.optim.AdamW([parameter], lr=learning_rate, betas=(0.9, 0.95), eps=1e-8, weight_decay=weight_decay)
    values = []
    for step in range(5):
        parameter.grad = pattern([7], 11 + step, 10.0 ** (-2 * step))
        optimiser.step()
        values.append(parameter.detach().tolist())
    return {"learningRate": learning_rate, "weightDecay": weight_decay, "values": values}


def short_training(epochs=5):
    """One step an epoch over all images, cosine, separate rates and decays; biases and norm parameters do not decay."""
    model = TinyNet().train()
    named = dict(model.named_parameters())
    group = lambda names, lr, decay: {"params": [named[name] for name in names], "lr": lr, "weight_decay": decay}
    groups = [group(["conv.weight"], 1e-2, 1e-2), group(["bn.weight", "bn.bias"], 1e-2, 0.0)]
    groups += [group(["fc.weight"], 5e-2, 1e-1), group(["fc.bias"], 5e-2, 0.0)]
    optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.95))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=epochs, eta_min=0)
    losses, rates = [], []
    for _ in range(epochs):
        optimiser.zero_grad()
        loss = objective("standard", model)
        loss.backward()
        rates.append([optimiser.param_groups[0]["lr"], optimiser.param_groups[2]["lr"]])
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
    return {"losses": losses, "rates": rates, "state": state(model)}


def inspect(model, points, labels):
    """Loss of each image, and its gradient by its pixels."""
    points = points.detach().requires_grad_()
    losses = F.cross_entropy(model(points), labels, reduction="none")
    return losses.detach(), torch.autograd.grad(losses.sum(), points)[0]


def apgd(model, images, labels, epsilon, iterations):
    """APGD in the Linf ball from the clean images (arXiv:2003.01690, algorithm 1), which checks after each of few iterations; the model in
    evaluation mode."""
    each = lambda values: values.reshape(-1, 1, 1, 1)
    project = lambda x: torch.min(torch.max(x, images - epsilon), images + epsilon).clamp(0, 1)
    model.eval()
    loss, gradient = inspect(model, images, labels)
    iterate = previous = best = images
    best_gradient, best_loss, at_check = gradient, loss, loss
    step, halved, before = torch.full_like(loss, 2 * epsilon), torch.ones_like(loss, dtype=torch.bool), torch.zeros_like(loss)
    for i in range(iterations):
        inertia = 0.25 if i > 0 else 0.0
        towards = project(iterate + each(step) * gradient.sign()) - iterate
        moved = project(iterate + towards * (1 - inertia) + (iterate - previous) * inertia)
        previous, iterate = iterate, moved
        loss, gradient = inspect(model, iterate, labels)
        better = loss > best_loss
        best, best_gradient = torch.where(each(better), iterate, best), torch.where(each(better), gradient, best_gradient)
        best_loss = torch.where(better, loss, best_loss)
        restart = ~(loss > before) | (~halved & (at_check >= best_loss))
        step, halved, at_check, before = torch.where(restart, step / 2, step), restart, best_loss, loss
        iterate, gradient = torch.where(each(restart), best, iterate), torch.where(each(restart), best_gradient, gradient)
    model.train()
    return best


def curve(name, epochs=25, count=8, size=16, epsilon=8 / 255, iterations=3):
    """The loss before each of epochs x count optimiser steps, in float32: always the same batches in the same order, cosine by epoch, no decay of
    biases and norm parameters."""
    model = TinyNet().to(torch.float32).train()
    named = dict(model.named_parameters())
    group = lambda names, lr, decay: {"params": [named[name] for name in names], "lr": lr, "weight_decay": decay}
    groups = [group(["conv.weight"], 1e-3, 1e-2), group(["bn.weight", "bn.bias"], 1e-3, 0.0)]
    groups += [group(["fc.weight"], 5e-3, 1e-1), group(["fc.bias"], 5e-3, 0.0)]
    optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.95))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=epochs, eta_min=0)
    losses = []
    for _ in range(epochs):
        for inputs, labels in batches(count, size):
            attacked = apgd(model, inputs, labels, epsilon, iterations) if name == "Classic AT" else inputs
            optimiser.zero_grad()
            loss = F.cross_entropy(model(attacked), labels)
            loss.backward()
            optimiser.step()
            losses.append(float(f"{loss.item():.8g}"))
        schedule.step()
    return {"loss": name, "losses": losses}


fixture = {
    "torch": torch.__version__.split("+")[0],
    "adamw": [adamw(1e-2, 0.0), adamw(1e-2, 1e-1), adamw(0.0, 1e-1)],
    "passes": [one_pass("standard", 1.0), one_pass("Classic AT", 1.0), one_pass("TRADES", 1.0), one_pass("TRADES", 6.0)],
    "training": short_training(),
}
curves = {"torch": fixture["torch"], "curves": [curve("standard"), curve("Classic AT")]}
FIXTURES = Path(__file__).with_name("fixtures")
FIXTURES.joinpath("training.json").write_text(json.dumps(fixture, indent=1) + "\n")
FIXTURES.joinpath("training-curves.json").write_text(json.dumps(curves) + "\n")
