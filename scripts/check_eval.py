#!/usr/bin/env python3
"""Checks luvit_eval against timm and Pillow, image by image, on made-up data sets of every layout.

A small timm VisionTransformer with random weights looks at all of them twice: here, image by image, with Pillow's and
torchvision's own resizing and cropping, and in luvit_eval, as several ranks. Labels, the five best classes, confidences
and all figures must agree.

    python scripts/check_eval.py [--bin build/release/bin] [--ranks 2] [--batch 7] [--keep FOLDER]

Needs torch, torchvision, timm, Pillow, numpy and safetensors; timm's own lists of ImageNet's classes are the oracle for
the class maps.
"""
import argparse
import collections
import csv
import json
import math
import pathlib
import random
import subprocess
import sys
import tempfile

import numpy
import safetensors.torch
import timm
import torch
from PIL import Image
from torchvision import transforms

SIDE, RESIZE = 32, 40
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def timm_list(name):
    return (pathlib.Path(timm.__file__).parent / "data" / "_info" / name).read_text().split()


WNIDS = timm_list("imagenet_synsets.txt")
CLASSES_A = [int(i) for i in timm_list("imagenet_a_indices.txt")]
CLASSES_R = [int(i) for i in timm_list("imagenet_r_indices.txt")]


def picture(path, side=None):
    """Some colours and an edge, a size of its own; the format by the name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draw = random.Random(str(path.name) + str(path.parent.name))
    width, height = (side, side) if side else (draw.randint(24, 90), draw.randint(24, 90))
    x, y = numpy.meshgrid(numpy.linspace(0, 1, width), numpy.linspace(0, 1, height))
    waves = [numpy.sin(draw.uniform(2, 25) * x + draw.uniform(2, 25) * y + draw.uniform(0, 6)) for _ in range(3)]
    pixels = numpy.stack(waves, -1) * 100 + 128 + 40 * (x > draw.random())[..., None]
    image = Image.fromarray(pixels.clip(0, 255).astype(numpy.uint8))
    mode = draw.choice(["RGB", "RGB", "L", "CMYK" if path.suffix.lower() != ".png" else "RGBA"])
    image.convert(mode).save(path, quality=88) if path.suffix.lower() != ".png" else image.convert(mode).save(path)


def make_trees(root):
    for i, wnid in enumerate(WNIDS):
        picture(root / "val" / wnid / f"ILSVRC2012_val_{i:08d}.JPEG")
        picture(root / "v2" / str(i) / "a.jpeg")
        if i % 4 == 0:
            picture(root / "sketch" / wnid / "sketch_1.png")
    for name, classes in (("a", CLASSES_A), ("r", CLASSES_R)):
        for i in classes:
            picture(root / name / WNIDS[i] / f"art_{i}.jpg")
    (root / "a" / "README.txt").write_text("not an image")
    (root / "a" / ".hidden").mkdir()
    for group, corruption in (("blur/", "glass_blur"), ("", "fog"), ("extra/", "spatter")):
        for severity in range(1, 6):
            for i in range(0, 1000, 90):
                picture(root / "c" / f"{group}{corruption}" / str(severity) / WNIDS[i] / f"v_{i}.JPEG", side=SIDE + 8)
    names = ["dog", "bird", "wheeled vehicle", "reptile", "carnivore", "insect", "musical instrument", "primate", "fish"]
    for variation in ("original", "mixed_same", "mixed_rand"):
        for label, name in enumerate(names):
            for k in range(12):
                picture(root / "in9" / variation / "val" / f"{label:02d}_{name}" / f"{k}_{variation}.JPEG", side=SIDE)
    for folder in ("one", "two, or three", "four"):
        for k in range(9):
            picture(root / "folder" / folder / f"{k}.png")
            picture(root / "train" / folder / f"t{k}.png")
    with open(root / "classes.csv", "w", newline="") as file:
        csv.writer(file).writerows([["folder", "index"], ["one", 17], ["two, or three", 3], ["four", 999]])


def make_model(root):
    torch.manual_seed(3)
    model = timm.models.VisionTransformer(img_size=SIDE, patch_size=8, embed_dim=48, depth=3, num_heads=3,
                                          num_classes=1000, global_pool="avg", weight_init="skip")
    with torch.no_grad():  # logits that differ from image to image
        model.head.weight.normal_(0, 1.5)
    safetensors.torch.save_file({k: v.contiguous() for k, v in model.state_dict().items()}, root / "timm.safetensors")
    return model.eval()


# --- what is expected, written anew -----------------------------------------------------------------------------------

def view(path, resize):
    image = Image.open(path).convert("RGB")
    steps = [transforms.Resize(resize, transforms.InterpolationMode.BICUBIC)] if resize else []
    steps += [transforms.CenterCrop(SIDE), transforms.ToTensor(), transforms.Normalize(MEAN, STD)]
    return transforms.Compose(steps)(image)


@torch.no_grad()
def logits_of(model, paths, resize):
    return torch.cat([model(view(path, resize)[None]) for path in paths]).double()


def images_below(folder):
    found = [p for p in folder.rglob("*") if p.is_file() and p.suffix.lower() in (".jpeg", ".jpg", ".png")]
    return sorted(found, key=lambda p: str(p.relative_to(folder)).encode())


class Expected:
    def __init__(self, logits, labels, subset=None, label_of=None):
        self.labels, self.n = labels, len(labels)
        self.subset = subset
        scored = logits if subset is None else logits[:, subset]
        index = torch.arange(logits.shape[1]) if subset is None else torch.tensor(subset)
        probabilities = scored.softmax(1)
        order = scored.argsort(1, descending=True, stable=True)[:, :5]
        self.top = index[order].tolist()
        self.confidence = [p[o[0]].item() for p, o in zip(probabilities, order)]
        self.means = label_of or (lambda c: c)
        self.correct = [self.means(top[0]) == label for top, label in zip(self.top, labels)]
        self.figures = {"n": self.n, "top1": sum(self.correct) / self.n,
                        "top5": sum(label in [self.means(c) for c in top] for top, label in zip(self.top, labels)) / self.n}
        of_label = torch.zeros(self.n, 1 + max(self.means(c) for c in range(1000))) if label_of else None
        nll = []
        for row, label in enumerate(labels):
            if label_of:
                p = sum(probabilities[row, c].item() for c in range(1000) if label_of(c) == label)
            else:
                p = probabilities[row, list(index.tolist()).index(label)].item()
            nll.append(-math.log(p))
        self.figures["nll"] = sum(nll) / self.n
        self.figures["ece"] = self.ece()
        if subset is not None:
            self.figures["top1_all"] = sum(int(l.argmax()) == y for l, y in zip(logits, labels)) / self.n
        z, share = 1.959963984540054, self.figures["top1"]
        centre, spread = share + z * z / 2 / self.n, z * math.sqrt(share * (1 - share) / self.n + z * z / 4 / self.n**2)
        self.figures["interval95"] = [(centre - spread) / (1 + z * z / self.n), (centre + spread) / (1 + z * z / self.n)]

    def ece(self):
        bins = collections.defaultdict(list)
        for confidence, correct in zip(self.confidence, self.correct):
            bins[max(0, math.ceil(numpy.float32(confidence) * 15) - 1)].append((confidence, correct))
        return sum(abs(sum(c for c, _ in b) - sum(r for _, r in b)) for b in bins.values()) / self.n


def in9_map():
    """MadryLab/backgrounds_challenge in_to_in9.json as its stretches."""
    stretches = {0: [(151, 170), (173, 268)], 1: [(7, 24), (87, 100), (127, 146)], 3: [(33, 68)],
                 4: [(269, 280), (286, 299), (356, 362), (387, 388)], 5: [(300, 326)], 7: [(365, 384)],
                 8: [(0, 6), (389, 397)]}
    singles = {2: "407 408 428 436 444 468 511 547 555 561 565 569 573 586 603 609 612 627 656 661 665 670 671 675 690 "
                  "705 717 734 751 757 791 802 803 817 820 829 847 864 866 867 870 880",
               6: "401 402 420 432 486 494 513 541 546 558 566 577 579 593 594 641 642 683 684 687 699 776 822 875 881 "
                  "889"}
    of = {c: label for label, parts in stretches.items() for a, b in parts for c in range(a, b + 1)}
    of.update({int(c): label for label, text in singles.items() for c in text.split()})
    return lambda c: of.get(c, -1)


# --- comparing --------------------------------------------------------------------------------------------------------

class Report:
    def __init__(self):
        self.images, self.worst, self.failures = 0, 0.0, []

    def check(self, suite, what, found, expected, tolerance=0.0):
        found, expected = numpy.atleast_1d(found).astype(float), numpy.atleast_1d(expected).astype(float)
        error = float(numpy.abs(found - expected).max()) if found.shape == expected.shape else math.inf
        if not error <= tolerance:
            self.failures.append(f"{suite}: {what}: {found.tolist()} found, {expected.tolist()} expected")
        return error

    def suite(self, name, folder, out, paths, expected):
        with open(out / "predictions" / f"{name}.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        names = [str(p.relative_to(folder)) for p in paths]
        if [row["path"] for row in rows] != names:
            self.failures.append(f"{name}: other paths than expected, or another order")
            return
        for row, label, top, confidence in zip(rows, expected.labels, expected.top, expected.confidence):
            self.check(name, row["path"] + " label", int(row["label"]), label)
            self.check(name, row["path"] + " predictions", [int(row[f"pred{i}"]) for i in range(1, 6)], top)
            error = self.check(name, row["path"] + " confidence", float(row["confidence"]), confidence, 2e-5)
            self.worst = max(self.worst, error)
        self.images += len(rows)
        figures = json.loads((out / "results.json").read_text())["suites"][name]
        for key, value in expected.figures.items():
            exact = key in ("n", "top1", "top5", "top1_all")
            self.check(name, key, figures[key], value, 0 if exact else 2e-5)
        return figures


def neighbours(model, root, resize, k=5, temperature=0.1):
    folders = sorted(p.name for p in (root / "train").iterdir())
    label = {name: i for i, name in enumerate(folders)}

    def features(paths):
        with torch.no_grad():
            tokens = torch.cat([model.forward_features(view(p, resize)[None]) for p in paths])
            return torch.nn.functional.normalize(model.forward_head(tokens, pre_logits=True).double(), dim=1)
    train, test = images_below(root / "train"), images_below(root / "folder")
    cosine = features(test) @ features(train).T
    rows = []
    for row in cosine:
        votes = collections.Counter()
        for i in row.argsort(descending=True)[:k]:
            votes[label[train[i].parent.name]] += math.exp(row[i] / temperature)
        order = sorted(votes, key=lambda c: -votes[c])
        rows.append((order, votes[order[0]] / sum(votes.values())))
    return test, [label[p.parent.name] for p in test], rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--ranks", default="2")
    parser.add_argument("--batch", default="7")
    parser.add_argument("--keep", help="folder to work in, which stays")
    arguments = parser.parse_args()
    binaries = pathlib.Path(arguments.bin).resolve()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(arguments.keep or temporary)
        root.mkdir(parents=True, exist_ok=True)
        make_trees(root)
        model = make_model(root)
        subprocess.run([binaries / "luvit_convert", "import", root / "timm.safetensors", "--heads", "3", "--out",
                        root / "model.safetensors"], check=True, stdout=subprocess.DEVNULL)
        suites = [{"name": "in1k", "kind": "imagenet", "data": "val"}, {"name": "a", "kind": "imagenet_a", "data": "a"},
                  {"name": "r", "kind": "imagenet_r", "data": "r"}, {"name": "v2", "kind": "imagenet_v2", "data": "v2"},
                  {"name": "sketch", "kind": "imagenet_sketch", "data": "sketch"},
                  {"name": "c", "kind": "imagenet_c", "data": "c"},
                  {"name": "in9", "kind": "imagenet9", "data": "in9"},
                  {"name": "folder", "kind": "folder", "data": "folder", "class_map": str(root / "classes.csv")},
                  {"name": "knn", "kind": "knn", "data": "folder", "train": str(root / "train"), "k": 5,
                   "temperature": 0.1}]
        for suite in suites:
            suite["data"] = str(root / suite["data"])
        (root / "eval.yaml").write_text(json.dumps(
            {"suites": suites, "preprocess": {"resize": RESIZE, "crop": SIDE}, "batch_size": int(arguments.batch)}))
        out = root / "out"
        run = subprocess.run([binaries / "luvit_eval", "--config", root / "eval.yaml", "--weights",
                              root / "model.safetensors", "--output", out, "--ranks", arguments.ranks],
                             capture_output=True, text=True)
        if run.returncode != 0:
            sys.exit(f"luvit_eval: exit {run.returncode}\n{run.stdout}\n{run.stderr}")

        report = Report()
        by_wnid = {wnid: i for i, wnid in enumerate(WNIDS)}

        def plain(name, folder, label, resize=RESIZE, **scoring):
            paths = images_below(root / folder)
            expected = Expected(logits_of(model, paths, resize), [label(p) for p in paths], **scoring)
            return report.suite(name, root / folder, out, paths, expected), expected, paths
        of_wnid = lambda p: by_wnid[p.parent.name]
        clean, expected, _ = plain("in1k", "val", of_wnid)
        plain("sketch", "sketch", of_wnid)
        plain("v2", "v2", lambda p: int(p.parent.name))
        plain("a", "a", of_wnid, subset=CLASSES_A)
        plain("r", "r", of_wnid, subset=CLASSES_R)
        plain("folder", "folder", lambda p: {"one": 17, "two, or three": 3, "four": 999}[p.parent.name])
        corrupted, expected, paths = plain("c", "c", of_wnid, resize=None)
        for corruption in ("glass_blur", "fog", "spatter"):
            cells = [[r for r, p in zip(expected.correct, paths) if p.parts[-4] == corruption and p.parts[-3] == str(s)]
                     for s in range(1, 6)]
            report.check("c", corruption, corrupted["cells"][corruption], [sum(c) / len(c) for c in cells])
        if "acc19" in corrupted or "mce" in corrupted:
            report.failures.append("c: acc19 or mce of three corruptions")
        backgrounds, expected, paths = plain("in9", "in9", lambda p: int(p.parent.name[:2]), resize=None,
                                             label_of=in9_map())
        of = {v: [r for r, p in zip(expected.correct, paths) if p.parts[-4] == v]
              for v in ("original", "mixed_same", "mixed_rand")}
        of = {v: sum(r) / len(r) for v, r in of.items()}
        for key, value in {**of, "gap_os": of["original"] - of["mixed_same"],
                           "gap_or": of["original"] - of["mixed_rand"],
                           "gap_sr": of["mixed_same"] - of["mixed_rand"]}.items():
            report.check("in9", key, backgrounds[key], value, 1e-12)

        paths, labels, rows = neighbours(model, root, RESIZE)
        with open(out / "predictions" / "knn.csv", newline="") as file:
            for row, path, label, (order, share) in zip(list(csv.DictReader(file)), paths, labels, rows):
                order = (order + [-1] * 5)[:5]
                report.check("knn", str(path), [int(row["label"])] + [int(row[f"pred{i}"]) for i in range(1, 6)],
                             [label] + order)
                report.check("knn", f"{path} confidence", float(row["confidence"]), share, 1e-4)
        for failure in report.failures[:20]:
            print("FAILED", failure)
        print(f"{report.images} images of {len(suites)} suites on {arguments.ranks} ranks: "
              f"{len(report.failures)} differences; confidences within {report.worst:.1e}")
        sys.exit(1 if report.failures else 0)


if __name__ == "__main__":
    main()
