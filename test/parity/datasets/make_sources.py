"""Small sources in the formats in which datasets are found, made by the libraries that make the real ones.

    python -m venv venv && venv/bin/pip install pillow==10.4.0 numpy==2.4.6 scipy==1.17.0 pyarrow==26.0.1
    venv/bin/python test/parity/datasets/make_sources.py test/parity/datasets/sources

The script writes flowers.zip, pets.zip, cars.zip, aircraft.tar.gz, caltech.zip and merced.zip as their authors publish
them (the first three and Caltech with archives inside), and beans.parquet as the Hugging Face hub serves images. Every
image is a square of one colour, red four times its number and green 40 times its label, so that tests know what they read.
"""
import io
import pathlib
import sys
import tarfile
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image
from scipy.io import savemat

FOLDER = pathlib.Path(sys.argv[1])


def image(number, label, kind="JPEG"):
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), (number * 4, label * 40, 90)).save(buffer, kind, quality=100, subsampling=0)
    return buffer.getvalue()


def tar(members, mode="w:gz"):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def write_zip(name, members):
    with zipfile.ZipFile(FOLDER / name, "w", zipfile.ZIP_STORED) as archive:
        for path, data in members.items():
            archive.writestr(zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0)), data)


def mat(**variables):
    buffer = io.BytesIO()
    savemat(buffer, variables, do_compression=True)
    return buffer.getvalue()


def flowers():
    labels = np.array([[1, 1, 1, 2, 2, 2, 3, 3, 3]], dtype=np.uint8)
    jpg = {f"jpg/image_{i + 1:05d}.jpg": image(i + 1, label - 1) for i, label in enumerate(labels[0])}
    sets = mat(trnid=np.array([[7, 1, 4]]), valid=np.array([[2, 5, 8]]), tstid=np.array([[3, 9, 6]]))
    write_zip("flowers.zip", {"flowers-102/102flowers.tgz": tar(jpg), "flowers-102/imagelabels.mat": mat(labels=labels), "flowers-102/setid.mat": sets})


def pets():
    rows = [("Abyssinian", 1, 1), ("Abyssinian", 1, 1), ("saint_bernard", 2, 2), ("saint_bernard", 2, 2)]
    line = lambda i: f"{rows[i % 4][0]}_{i} {rows[i % 4][1]} {rows[i % 4][2]} 1"
    images = {f"images/{rows[i % 4][0]}_{i}.jpg": image(i, rows[i % 4][1] - 1, "PNG" if i == 5 else "JPEG") for i in range(44)}
    annotations = {
        "annotations/README": b"text",
        "annotations/trainval.txt": "\n".join(map(line, range(40))).encode() + b"\n",
        "annotations/test.txt": "\n".join(map(line, range(40, 44))).encode() + b"\n",
        "annotations/trimaps/._Abyssinian_1.png": b"\0\5\26\7resource fork",
    }
    write_zip("pets.zip", {"images.tar.gz": tar(images), "annotations.tar.gz": tar(annotations)})


def cars():
    kind = [(name, object) for name in ("bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2", "class", "fname")]
    annotations = lambda rows: np.array([(1, 2, 3, 4, label, name) for name, label in rows], dtype=kind).reshape(1, -1)
    names = np.array(["AM General Hummer SUV 2000", "Acura RL Sedan 2012"], dtype=object).reshape(1, -1)
    training = [(f"{i + 1:05d}.jpg", i % 2 + 1) for i in range(20)]
    testing = [(f"{i + 1:05d}.jpg", (i + 1) % 2 + 1) for i in range(4)]
    kit = {"devkit/cars_meta.mat": mat(class_names=names), "devkit/cars_train_annos.mat": mat(annotations=annotations(training))}
    write_zip(
        "cars.zip",
        {
            "stanford_cars/car_devkit.tgz": tar(kit),
            "stanford_cars/cars_train.tgz": tar({f"cars_train/{name}": image(i, label - 1) for i, (name, label) in enumerate(training)}),
            "stanford_cars/cars_test.tgz": tar({f"cars_test/{name}": image(50 + i, label - 1) for i, (name, label) in enumerate(testing)}),
            "stanford_cars/cars_test_annos_withlabels.mat": mat(annotations=annotations(testing)),
        },
    )


def aircraft():
    variants = ["707-320", "A340-300", "Falcon 2000"]
    members, number = {"fgvc-aircraft-2013b/data/variants.txt": "\n".join(variants).encode()}, 0
    for split in ("train", "val", "test"):
        lines = []
        for label in (2, 0, 1):
            number += 1
            lines.append(f"{1000 + number:07d} {variants[label]}")
            members[f"fgvc-aircraft-2013b/data/images/{1000 + number:07d}.jpg"] = image(number, label)
        members[f"fgvc-aircraft-2013b/data/images_variant_{split}.txt"] = ("\n".join(lines) + "\n").encode()
    (FOLDER / "aircraft.tar.gz").write_bytes(tar(members))


def caltech():
    names = ["BACKGROUND_Google", "Faces", "Faces_easy", "accordion"]
    members = {f"101_ObjectCategories/{name}/image_{i:04d}.jpg": image(10 * label + i, max(label - 1, 0)) for label, name in enumerate(names) for i in range(1, 9)}
    write_zip("caltech.zip", {"caltech-101/101_ObjectCategories.tar.gz": tar(members), "__MACOSX/caltech-101/._Annotations.tar": b"x", "caltech-101/Annotations.tar": b"x"})


def merced():
    names = ["agricultural", "airplane", "beach"]
    members = {f"UCMerced_LandUse/Images/{name}/{name}{i:02d}.tif": image(10 * label + i, label, "TIFF") for label, name in enumerate(names) for i in range(8)}
    write_zip("merced.zip", {"UCMerced_LandUse/readme.txt": b"text", **members})


def parquet():
    rows = [{"image": {"bytes": image(i, i % 3), "path": f"{i}.jpg"}, "labels": i % 3} for i in range(24)]
    schema = pa.schema([("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])), ("labels", pa.int64())])
    features = '{"info": {"features": {"image": {"_type": "Image"}, "labels": {"names": ["angular_leaf_spot", "bean_rust", "healthy"], "_type": "ClassLabel"}}}}'
    for compression in ("snappy", "zstd", "gzip"):
        table = pa.Table.from_pylist(rows, schema=schema.with_metadata({"huggingface": features}))
        pq.write_table(table, FOLDER / f"beans-{compression}.parquet", compression=compression, row_group_size=10)



for write in (flowers, pets, cars, aircraft, caltech, merced, parquet):
    write()
