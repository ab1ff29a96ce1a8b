"""Prints images a second of a timm model under torch.compile, as JSON: a forward pass, an optimiser step on clean
images, and the gradient of the pixels with which APGD iterates. The argument is JSON (torch-speed.ts)."""

import contextlib
import json
import sys
import time

import timm
import torch

asked = json.loads(sys.argv[1])
device = "cuda" if torch.cuda.is_available() else "cpu"
torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
model = timm.create_model(asked["backbone"], num_classes=10).to(device)
images = torch.rand(asked["batch"], 3, asked["resolution"], asked["resolution"], device=device)
labels = torch.arange(asked["batch"], device=device) % 10


def precision():
    low = {"bfloat16": torch.bfloat16, "float16": torch.float16}.get(asked["precision"])
    return torch.autocast(device, dtype=low) if low else contextlib.nullcontext()


def images_per_second(work):
    seconds = []
    for _ in range(7):  # the first two compile
        begun = time.perf_counter()
        work()
        if device == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - begun)
    return asked["batch"] / sorted(seconds[2:])[2]


compiled = torch.compile(model)
loss = torch.nn.functional.cross_entropy


def forward():
    with torch.no_grad(), precision():
        compiled(images)


def gradient():
    points = images.clone().requires_grad_()
    with precision():
        value = loss(compiled(points), labels, reduction="sum")
    torch.autograd.grad(value, points)


def step():
    optimiser.zero_grad()
    with precision():
        value = loss(compiled(images), labels)
    value.backward()
    optimiser.step()


model.eval()
speeds = {"forward": images_per_second(forward), "apgdIteration": images_per_second(gradient)}
model.train()
optimiser = torch.optim.AdamW(model.parameters(), lr=0.0)
speeds["trainingStep"] = images_per_second(step)
print(json.dumps(speeds))
