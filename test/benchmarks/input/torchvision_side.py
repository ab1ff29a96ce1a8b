"""Images a second of torchvision's DataLoader with the study's training transform.

    python torchvision_side.py FOLDER WORKERS SIDE EPOCHS
"""
import sys
import time

import torch
from torchvision import datasets, transforms

folder, workers, side, epochs = sys.argv[1], *map(int, sys.argv[2:5])
transform = transforms.Compose(
    [
        transforms.Resize((side, side)),
        transforms.RandomHorizontalFlip(),
        transforms.ColorJitter(brightness=0.25, contrast=0.25, saturation=0.25),
        transforms.RandomRotation(2),
        transforms.ToTensor(),
    ]
)
torch.set_num_threads(1)
data = datasets.ImageFolder(folder, transform)
loader = torch.utils.data.DataLoader(data, batch_size=64, shuffle=True, num_workers=workers, persistent_workers=True)
for _ in loader:
    pass  # starts the workers and fills the system's cache of files
for _ in range(epochs):
    start, images = time.perf_counter(), 0
    for batch, _ in loader:
        images += len(batch)
    print(images / (time.perf_counter() - start), flush=True)
