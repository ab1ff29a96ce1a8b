"""Images a second, and milliseconds of a core for an image, of torchvision's DataLoader with the training transform.

    python torchvision_side.py FOLDER WORKERS SIDE EPOCHS
"""
import resource
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
loader = torch.utils.data.DataLoader(data, batch_size=64, shuffle=True, num_workers=workers)
for _ in loader:
    pass  # fills the system's cache of files


def core_seconds():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


for _ in range(epochs):
    used, start, images = core_seconds(), time.perf_counter(), 0
    for batch, _ in loader:
        images += len(batch)
    seconds = time.perf_counter() - start
    print(images / seconds, 1000 * (core_seconds() - used) / images, flush=True)
