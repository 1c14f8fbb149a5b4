"""RandAugment's 15 operations against Pillow 11.3 as timm calls it, on photographs.

    .peers/bin/python scripts/check_rand_augment.py build/release/bin/apply_pixel_ops PHOTO_OR_FOLDER…

Each of the first 20 photos (resized and cut to 224², as training sees them) goes through every operation at ten
magnitudes, with both signs where it has one. Prints for each operation how many results are equal to the last pixel,
the share and the size of what differs, and the time of both; fails where anything differs. Photos are in Debian's
opencv-doc (/usr/share/doc/opencv-doc/examples/data) and python3-skimage (skimage/data).
"""
import argparse
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import numpy as np
import PIL
import timm
from PIL import Image
from safetensors.numpy import load_file, save_file
from timm.data import auto_augment as reference

assert PIL.__version__.startswith("11.3"), "the operations are to equal Pillow 11.3's"
OPERATIONS = reference._RAND_INCREASING_TRANSFORMS
MAGNITUDES = [0.5, 1, 2, 3.3, 4, 5.7, 7, 8.25, 9, 10]
FILL = (124, 116, 104)
PHOTOS = 20


def arguments_of(name):
    """What timm's functions are given: every magnitude, each way round."""
    level_to_argument = reference.LEVEL_TO_ARG[name]
    if level_to_argument is None:
        return [()]
    found = []
    for magnitude in MAGNITUDES:
        for coin in (0.0, 1.0):
            random_random, random.random = random.random, lambda: coin
            try:
                argument = level_to_argument(magnitude, {})
            finally:
                random.random = random_random
            if argument not in found:
                found.append(argument)
    return found


CALLS = [(name, argument) for name in OPERATIONS for argument in arguments_of(name)]


def pillows(image, repeats):
    images, seconds = [], []
    for name, argument in CALLS:
        fastest = float("inf")
        for _ in range(repeats):
            begin = time.perf_counter()
            result = reference.NAME_TO_OP[name](image, *argument, fillcolor=FILL, resample=Image.BICUBIC)
            fastest = min(fastest, time.perf_counter() - begin)
        images.append(np.asarray(result))
        seconds.append(fastest)
    return np.stack(images), np.array(seconds)


def ours(program, image, repeats):
    calls = np.array([[OPERATIONS.index(name), *(argument or (0,))] for name, argument in CALLS], np.float64)
    with tempfile.TemporaryDirectory() as folder:
        given, made = f"{folder}/in.safetensors", f"{folder}/out.safetensors"
        save_file({"image": np.asarray(image), "calls": calls, "repeats": np.array([repeats])}, given)
        subprocess.run([program, given, made], check=True)
        result = load_file(made)
    return result["images"], result["seconds"]


def photos(paths):
    files = [f for p in paths for f in (sorted(p.rglob("*")) if p.is_dir() else [p])]
    for file in files:
        try:
            image = Image.open(file)
        except (PIL.UnidentifiedImageError, IsADirectoryError):
            continue
        if image.mode == "RGB" and min(image.size) >= 224:
            side = min(image.size)
            yield file.name, image.resize((224, 224), Image.BICUBIC, box=(0, 0, side, side))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("photos", nargs="+", type=pathlib.Path)
    parser.add_argument("--repeats", type=int, default=3, help="of each timed call; the fastest counts")
    options = parser.parse_args()
    found = [photo for photo, _ in zip(photos(options.photos), range(PHOTOS))]
    if len(found) < PHOTOS:
        sys.exit(f"{len(found)} colour photos of 224 pixels or more found; {PHOTOS} are wanted")
    differences, times = [], []
    for _, image in found:
        theirs, their_seconds = pillows(image, options.repeats)
        own, own_seconds = ours(options.program, image, options.repeats)
        differences.append(np.abs(own.astype(int) - theirs.astype(int)))
        times.append((own_seconds, their_seconds))
    differences = np.stack(differences, axis=1)  # call, photo, …
    own_seconds, their_seconds = (np.mean([pair[i] for pair in times], axis=0) for i in (0, 1))
    print(f"{len(found)} photos, Pillow {PIL.__version__}, timm {timm.__version__}")
    print(f"{'operation':22}{'results':>8}{'equal':>8}{'levels that differ':>20}{'most':>6}{'ours µs':>10}{'theirs':>9}")
    ratios, equal = [], True
    for name in OPERATIONS:
        rows = [i for i, call in enumerate(CALLS) if call[0] == name]
        part = differences[rows].reshape(len(rows) * len(found), -1)
        same, own, theirs = int((part.max(1) == 0).sum()), own_seconds[rows].mean(), their_seconds[rows].mean()
        equal, ratios = equal and same == len(part), ratios + [theirs / own]
        print(f"{name:22}{len(part):8}{same:8}{np.mean(part > 0):20.3g}{part.max():6}{own * 1e6:10.0f}{theirs * 1e6:9.0f}")
    print(f"Pillow's time over ours: {np.mean(ratios):.2f} on average, {min(ratios):.2f} at least")
    sys.exit(0 if equal else 1)


if __name__ == "__main__":
    main()
