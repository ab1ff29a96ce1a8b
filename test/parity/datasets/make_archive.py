"""A small archive in the form of RobustGenBench, packed and compressed by other tools than ours.

    python -m venv venv && venv/bin/pip install pillow==10.4.0 numpy==2.4.6 zstandard==0.25.0
    venv/bin/python test/parity/datasets/make_archive.py test/parity/datasets

The script writes tiny_processed.tar.zst, and tiny_pixels.json: the SHA-256 of the RGB bytes that Pillow reads of every
image by `Image.open(…).convert('RGB')`.
"""
import hashlib
import io
import json
import pathlib
import sys
import tarfile

import numpy as np
import zstandard
from PIL import Image

COUNTS = {"train": 12, "val": 6, "test": 6, "test_common": 6}
WIDTH, HEIGHT = 18, 13


def encoded(split, index):
    """An RGB PNG for most images; one each of grey, transparent, palette and JPEG in train."""
    random = np.random.RandomState(100 * list(COUNTS).index(split) + index)
    image = Image.fromarray(random.randint(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8))
    kind = {0: "L", 1: "RGBA", 2: "P"}.get(index) if split == "train" else None
    if kind:
        image = image.convert(kind)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG" if (split, index) == ("train", 3) else "PNG", quality=90)
    return buffer.getvalue()


def main(folder):
    pixels, packed = {}, io.BytesIO()
    archive = tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT)

    def add(name, data):
        member = tarfile.TarInfo(f"tiny_processed/{name}")
        member.size, member.mtime = len(data), 1700000000.25
        archive.addfile(member, io.BytesIO(data))

    for split, count in COUNTS.items():
        names = [f"{index:05d}.{'jpg' if (split, index) == ('train', 3) else 'png'}" for index in range(count)]
        for index in reversed(range(count)):
            data = encoded(split, index)
            pixels[f"{split}/{names[index]}"] = hashlib.sha256(Image.open(io.BytesIO(data)).convert("RGB").tobytes()).hexdigest()
            add(f"{split}/{names[index]}", data)
        lines = "".join(f"{name},{index % 3}\n" for index, name in enumerate(names))
        add(f"{split}/labels.csv", f"filename,label\n{lines}".encode())
    add("metadata.json", json.dumps({"N": 3, "train": 12, "val": 6, "test": 6}).encode())
    archive.close()
    (folder / "tiny_processed.tar.zst").write_bytes(zstandard.ZstdCompressor(level=19, write_checksum=True).compress(packed.getvalue()))
    (folder / "tiny_pixels.json").write_text(json.dumps(pixels, indent=1, sort_keys=True) + "\n")


main(pathlib.Path(sys.argv[1]))
