"""One small picture in every encoding that datasets hold, with the pixels that Pillow reads of it.

    python -m venv venv && venv/bin/pip install pillow==10.4.0 numpy==2.4.6
    venv/bin/python test/parity/datasets/make_encodings.py > test/parity/datasets/encodings.json

`expected` are the bytes of `Image.open(…).convert('RGB')`, as torchvision's ImageFolder reads images.
"""
import base64
import io
import json
import sys
import zlib

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 23, 17
y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
SCENE = np.clip(np.stack([127 + 100 * np.sin(x / 5 + y / 9), 127 + 120 * np.cos(x / 4), 90 + 80 * np.sin(y / 4)], 2), 0, 255).astype(np.uint8)
SCENE[3:8, 4:10] = [250, 20, 60]
RGB = Image.fromarray(SCENE)
GREY = RGB.convert("L")
ALPHA = RGB.copy()
ALPHA.putalpha(Image.fromarray(np.clip(x * 12, 0, 255).astype(np.uint8)))
DEEP = Image.fromarray((SCENE[:, :, 0].astype(np.uint16) * 257 + 91).astype(np.uint16))


def saved(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png16(array, colour):
    """A PNG of 16 bits a channel, which Pillow itself cannot write in colour."""
    chunk = lambda name, data: len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in array)
    header = WIDTH.to_bytes(4, "big") + HEIGHT.to_bytes(4, "big") + bytes([16, colour, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


exif = Image.Exif()
exif[0x0112] = 6
deep = SCENE.astype(np.uint16) * 256 + 200
with_alpha = np.concatenate([deep, (x[:, :, None] * 2000).astype(np.uint16)], 2)
second = Image.fromarray(255 - SCENE)
palette_clear = RGB.convert("P", palette=Image.ADAPTIVE, colors=16)
FILES = {
    "png rgb": saved(RGB, "PNG"),
    "png grey": saved(GREY, "PNG"),
    "png grey and alpha": saved(ALPHA.convert("LA"), "PNG"),
    "png alpha": saved(ALPHA, "PNG"),
    "png palette": saved(RGB.convert("P", palette=Image.ADAPTIVE, colors=64), "PNG"),
    "png palette of 4 bits": saved(palette_clear, "PNG", bits=4),
    "png palette with a clear colour": saved(palette_clear, "PNG", transparency=3),
    "png bilevel": saved(GREY.convert("1"), "PNG"),
    "png clear colour": saved(RGB, "PNG", transparency=(250, 20, 60)),
    "png 16 bit grey": saved(DEEP, "PNG"),
    "png 16 bit rgb": png16(deep, 2),
    "png 16 bit alpha": png16(with_alpha, 6),
    "png 16 bit grey and alpha": png16(with_alpha[:, :, [0, 3]], 4),
    "jpeg": saved(RGB, "JPEG", quality=90),
    "jpeg without subsampling": saved(RGB, "JPEG", quality=90, subsampling=0),
    "jpeg progressive": saved(RGB, "JPEG", quality=80, progressive=True),
    "jpeg grey": saved(GREY, "JPEG", quality=90),
    "jpeg cmyk": saved(RGB.convert("CMYK"), "JPEG", quality=95),
    "jpeg turned by exif": saved(RGB, "JPEG", quality=90, exif=exif),
    "gif": saved(RGB.convert("P", palette=Image.ADAPTIVE, colors=64), "GIF"),
    "gif animated": saved(RGB, "GIF", save_all=True, append_images=[second]),
    "webp lossless": saved(RGB, "WEBP", lossless=True),
    "webp lossy": saved(RGB, "WEBP", quality=90),
    "webp alpha": saved(ALPHA, "WEBP", lossless=True, exact=True),
    "webp animated": saved(RGB, "WEBP", save_all=True, append_images=[second], lossless=True),
    "tiff": saved(RGB, "TIFF"),
    "tiff lzw": saved(RGB, "TIFF", compression="tiff_lzw"),
    "tiff deflate": saved(RGB, "TIFF", compression="tiff_adobe_deflate"),
    "tiff grey": saved(GREY, "TIFF"),
    "tiff alpha": saved(ALPHA, "TIFF"),
    "tiff cmyk": saved(RGB.convert("CMYK"), "TIFF"),
    "tiff palette": saved(RGB.convert("P", palette=Image.ADAPTIVE, colors=64), "TIFF"),
    "tiff 16 bit grey": saved(DEEP, "TIFF"),
    "tiff of two pages": saved(RGB, "TIFF", save_all=True, append_images=[second]),
    "bmp": saved(RGB, "BMP"),
    "bmp grey": saved(GREY, "BMP"),
    "bmp palette": saved(RGB.convert("P", palette=Image.ADAPTIVE, colors=64), "BMP"),
    "bmp bilevel": saved(GREY.convert("1"), "BMP"),
}


def case(name, data):
    image = Image.open(io.BytesIO(data))
    pixels = image.convert("RGB").tobytes()
    packed = base64.b64encode(zlib.compress(pixels, 9)).decode()
    return {"name": name, "mode": image.mode, "file": base64.b64encode(data).decode(), "expected": packed}


json.dump({"width": WIDTH, "height": HEIGHT, "cases": [case(*item) for item in FILES.items()]}, sys.stdout, indent=1)
print()
