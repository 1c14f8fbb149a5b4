#!/usr/bin/python3
"""Writes the analyses' demo data: objects cut out by their own alpha masks, laid over photographs, in ImageNet-S's layout.

    /usr/bin/python3 scripts/prepare_analysis.py [--out demo/stamps]

  demo/stamps/validation/KIND/NAME.png               160x160 pictures: a stamp of tuxpaint over a photograph of OpenCV's
  demo/stamps/validation-segmentation/KIND/NAME.png  their masks: id = red + 256*green, 0 background, 1000 the soft edge

Both come from Debian (apt-get install tuxpaint-stamps-default opencv-doc python3-pil), neither is passed on: the stamps are
GPL-2. They are easy pictures with synthetic scenes, no ImageNet-S. Which photograph, what size and what place a stamp gets is
a function of its name. Files that are there already are left alone: remove the folder to write them anew.
"""

import argparse
import pathlib
import random
import sys

try:
    from PIL import Image
except ImportError:
    sys.exit("error: no Pillow for this Python\nhint: apt-get install python3-pil, then /usr/bin/python3 scripts/prepare_analysis.py")

STAMPS = pathlib.Path("/usr/share/tuxpaint/stamps")
PHOTOS = pathlib.Path("/usr/share/doc/opencv-doc/examples/data")
SCENES = ["aloeL.jpg", "building.jpg", "graf1.png", "home.jpg", "leuvenA.jpg", "rubberwhale1.png", "stuff.jpg"]
DRAWN = {"cartoon", "symbols", "toys", "seasonal", "people", "naturalforces", "space"}  # folders of drawings, or without an outline
SIDE = 160
LEAST_COLOURS = 150  # photographs have more, drawings mostly fewer
IGNORE = 1000


def is_photograph(stamp):
    colours = stamp.convert("RGB").getcolors(1 << 24)
    return len(colours) >= LEAST_COLOURS


def cut_out(path):
    """The stamp as RGBA, cut to what is not transparent; None where it is no photograph of something with an outline."""
    stamp = Image.open(path).convert("RGBA")
    if not is_photograph(stamp):
        return None
    alpha = stamp.getchannel("A")
    solid = sum(alpha.histogram()[128:]) / (stamp.width * stamp.height)
    box = alpha.point(lambda level: 255 if level >= 128 else 0).getbbox()
    return stamp.crop(box) if box and 0.05 < solid < 0.95 else None


def scene(name, dice):
    photo = Image.open(PHOTOS / name).convert("RGB")
    side = int(min(photo.size) * dice.uniform(0.5, 1))
    left, top = dice.randint(0, photo.width - side), dice.randint(0, photo.height - side)
    return photo.crop((left, top, left + side, top + side)).resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def composite(stamp, name, label):
    dice = random.Random(name)
    picture = scene(dice.choice(SCENES), dice)
    scale = SIDE * dice.uniform(0.35, 0.9) / max(stamp.size)
    size = [max(1, round(length * scale)) for length in stamp.size]
    stamp = stamp.resize(size, Image.Resampling.LANCZOS)
    place = tuple(dice.randint(0, SIDE - length) for length in size)
    picture.paste(stamp, place, stamp.getchannel("A"))

    def byte(inside, edge):
        return stamp.getchannel("A").point(lambda level: inside if level >= 192 else edge if level >= 32 else 0)

    red, green = Image.new("L", (SIDE, SIDE)), Image.new("L", (SIDE, SIDE))
    red.paste(byte(label % 256, IGNORE % 256), place)
    green.paste(byte(label // 256, IGNORE // 256), place)
    return picture, Image.merge("RGB", (red, green, Image.new("L", (SIDE, SIDE))))


def kind_of(path):
    """The class of a stamp: the first two folders it lies in."""
    return "-".join(path.relative_to(STAMPS).parent.parts[:2])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("demo/stamps"))
    options = parser.parse_args()
    for folder, package in ((STAMPS, "tuxpaint-stamps-default"), (PHOTOS, "opencv-doc")):
        if not folder.is_dir():
            sys.exit(f"error: {folder} is not there\nhint: apt-get install {package}")
    paths = [p for p in sorted(STAMPS.rglob("*.png"))
             if not DRAWN & set(p.relative_to(STAMPS).parts) and not p.stem.endswith(("_mirror", "_flip"))]
    kinds = sorted({kind_of(p) for p in paths})
    written = there = left_out = 0
    for path in paths:
        kind = kind_of(path)
        files = [options.out / part / kind / (path.stem + ".png") for part in ("validation", "validation-segmentation")]
        if all(file.exists() for file in files):
            there += 1
            continue
        stamp = cut_out(path)
        if stamp is None:
            left_out += 1
            continue
        for file, image in zip(files, composite(stamp, path.stem, 1 + kinds.index(kind))):
            file.parent.mkdir(parents=True, exist_ok=True)
            image.save(file)
        written += 1
    print(f"{options.out}: {written} pictures written, {there} there already; {left_out} stamps are drawings or have no outline")


if __name__ == "__main__":
    main()
