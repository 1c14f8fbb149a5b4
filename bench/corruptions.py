"""Speed of `luvit_eval corrupt` beside imagecorruptions 1.1.2, corruption by corruption, on the same cores.

    PEER/bin/python bench/corruptions.py --eval build/release/bin/luvit_eval

PEER is the environment of scripts/fixtures/corruptions.py (its head says how it is made). Both read the same JPEGs, corrupt
them and write PNGs: luvit_eval with its threads, imagecorruptions with a process a core, each on Pillow's defaults.
Neither's start counts: the processes have imported everything before the clock runs, and luvit_eval tells its own time
from its options to the last synced file. They take turns, corruption by corruption; ratios are medians over the turns.
"""
import argparse
import json
import multiprocessing
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
from PIL import Image

TARGET = 5.0  # the mean over corruptions
NAMES = ["gaussian_noise", "shot_noise", "impulse_noise", "defocus_blur", "glass_blur", "motion_blur", "zoom_blur",
         "snow", "frost", "fog", "brightness", "contrast", "elastic_transform", "pixelate", "jpeg_compression",
         "speckle_noise", "gaussian_blur", "spatter", "saturate"]


def make_photos(folder, count, side):
    """JPEGs with a photograph's spectrum (noise with a falling spectrum), quality 90."""
    generator = np.random.default_rng(0)
    folder.mkdir()
    for i in range(count):
        image = np.zeros((side, side, 3))
        for size in (3, 6, 12, 24, 48, 96, 192):
            coarse = generator.normal(size=(size, size, 3)) * 60 / size**0.35
            layers = [Image.fromarray(coarse[..., c].astype("float32")).resize((side, side), Image.BICUBIC)
                      for c in range(3)]
            image += np.stack([np.asarray(layer) for layer in layers], -1)
        Image.fromarray((image + 120).clip(0, 255).astype("uint8")).save(folder / f"{i:04d}.jpg", quality=90)


def start_peer():
    import cv2
    import imagecorruptions
    import imagecorruptions.corruptions as package
    import skimage.filters
    cv2.setNumThreads(1)  # a process a core
    package.gaussian = lambda image, sigma=1, multichannel=None, **options: skimage.filters.gaussian(
        image, sigma, channel_axis=-1 if multichannel else None, **options)
    globals()["corrupt"] = imagecorruptions.corrupt


def peer_image(job):
    path, out, name, severity, seed = job
    np.random.seed(seed)
    image = np.asarray(Image.open(path).convert("RGB"))
    Image.fromarray(corrupt(image, severity, name)).save(out / (path.stem + ".png"))


def peer_seconds(pool, paths, out, name, severity):
    jobs = [(path, out, name, severity, i) for i, path in enumerate(paths)]
    start = time.perf_counter()
    pool.map(peer_image, jobs, chunksize=1)
    return (time.perf_counter() - start) / len(paths)


def luvit_seconds(program, photos, count, out, name, severity):
    run = subprocess.run([program, "corrupt", "--in", photos, "--out", out, "--corruption", name, "--severity",
                          str(severity), "--flavour", "imagecorruptions", "--seed", "0"], capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(run.stderr)
    return float(re.search(r" in ([\d.e-]+) s", run.stdout)[1]) / count


def measure(a, folder, pool):
    photos = folder / "photos"
    make_photos(photos, a.images, a.side)
    paths = sorted(photos.glob("*.jpg"))
    figures = {name: {"luvit": [], "peer": []} for name in a.only or NAMES}
    for turn in range(a.turns):
        for name, both in figures.items():
            for severity in a.severities:
                out = folder / "out"
                both["luvit"].append(luvit_seconds(a.eval, photos, len(paths), out, name, severity))
                shutil.rmtree(out)
                out.mkdir()
                few = paths[: max(4, a.images // 16)] if name == "glass_blur" else paths  # it takes a second an image
                both["peer"].append(peer_seconds(pool, few, out, name, severity))
                shutil.rmtree(out)
            print(f"turn {turn + 1}: {name}", file=sys.stderr)
    return figures


def report(figures):
    print(f"{'ms an image':20}{'luvit':>9}{'peer':>9}   luvit is … times as fast")
    middles = []
    for name, both in figures.items():
        ratios = [peer / own for own, peer in zip(both["luvit"], both["peer"])]
        middles.append(statistics.median(ratios))
        own, peer = (1e3 * statistics.mean(both[who]) for who in ("luvit", "peer"))
        print(f"{name:20}{own:9.2f}{peer:9.2f}   {middles[-1]:6.1f} ({min(ratios):.1f} … {max(ratios):.1f})")
    total = [sum(sum(both[who]) / len(both[who]) for both in figures.values()) for who in ("luvit", "peer")]
    mean = statistics.mean(middles)
    print(f"mean ratio {mean:.1f} {'reached' if mean >= TARGET else 'MISSED'} (≥ {TARGET}), geometric "
          f"{statistics.geometric_mean(middles):.1f}, without glass_blur "
          f"{statistics.geometric_mean([m for n, m in zip(figures, middles) if n != 'glass_blur'] or [1]):.1f}; "
          f"of the time for all together {total[1] / total[0]:.1f}")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--eval", type=pathlib.Path, default="build/release/bin/luvit_eval")
    options.add_argument("--images", type=int, default=64)
    options.add_argument("--side", type=int, default=224)
    options.add_argument("--turns", type=int, default=3)
    options.add_argument("--severities", type=int, nargs="*", default=[1, 2, 3, 4, 5])
    options.add_argument("--only", nargs="*", choices=NAMES)
    options.add_argument("--out", type=pathlib.Path, help="all single figures as JSON")
    a = options.parse_args()
    cores = len(os.sched_getaffinity(0))
    print(f"{cores} cores, load {os.getloadavg()[0]:.1f}; {a.images} images of {a.side}², {a.turns} turns")
    with tempfile.TemporaryDirectory() as folder, multiprocessing.Pool(cores, start_peer) as pool:
        figures = measure(a, pathlib.Path(folder), pool)
    report(figures)
    if a.out:
        a.out.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
