#!/usr/bin/env python3
"""Checks luvit_eval against timm and Pillow, image by image, on made-up data sets of every layout.

A small timm VisionTransformer with random weights looks at all of them here, image by image, with Pillow's and
torchvision's own resizing and cropping, and in luvit_eval, on each of the numbers of ranks and with each of the batch
sizes named. Labels, the five best classes, confidences and all figures must agree.

    python scripts/check_eval.py [--bin build/release/bin] [--ranks 1,2,3] [--batch 7,64] [--pool avg] [--keep FOLDER]

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
import shutil
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
IN9_VARIATIONS = ("original", "mixed_same", "mixed_rand")
FOLDERS = {"one": 17, "two, or three": 3, "four": 999}


def picture(path, number, side=None):
    """Waves that its class's number decides, an edge, noise and a size of its own; the format by the name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draw, of_class = random.Random(f"{path.parent.name}/{path.name}"), random.Random(number)
    width, height = (side, side) if side else (draw.randint(24, 90), draw.randint(24, 90))
    x, y = numpy.meshgrid(numpy.linspace(0, 1, width), numpy.linspace(0, 1, height))
    waves = [numpy.sin(of_class.uniform(2, 25) * x + of_class.uniform(2, 25) * y + of_class.uniform(0, 6))
             for _ in range(3)]
    pixels = numpy.stack(waves, -1) * 100 + 128 + draw.uniform(0, 60) * (x > draw.random())[..., None]
    pixels += numpy.random.default_rng(draw.randrange(1 << 30)).normal(0, draw.uniform(0, 30), pixels.shape)
    image = Image.fromarray(pixels.clip(0, 255).astype(numpy.uint8))
    mode = draw.choice(["RGB", "RGB", "L", "CMYK" if path.suffix.lower() != ".png" else "RGBA"])
    image.convert(mode).save(path, quality=88) if path.suffix.lower() != ".png" else image.convert(mode).save(path)


def make_trees(root):
    for i, wnid in enumerate(WNIDS):
        picture(root / "val" / wnid / f"ILSVRC2012_val_{i:08d}.JPEG", i)
        picture(root / "v2" / str(i) / "a.jpeg", i)
        if i % 4 == 0:
            picture(root / "sketch" / wnid / "sketch_1.png", i)
    for name, classes in (("a", CLASSES_A), ("r", CLASSES_R)):
        for i in classes:
            picture(root / name / WNIDS[i] / f"art_{i}.jpg", i)
    (root / "a" / "README.txt").write_text("not an image")
    (root / "a" / ".hidden").mkdir(exist_ok=True)
    for group, corruption in (("blur/", "glass_blur"), ("", "fog"), ("extra/", "spatter")):
        for severity in range(1, 6):
            for i in range(0, 1000, 90):
                picture(root / "c" / f"{group}{corruption}" / str(severity) / WNIDS[i] / f"v_{i}_{severity}.JPEG", i,
                        side=SIDE + 8)
    names = ["dog", "bird", "wheeled vehicle", "reptile", "carnivore", "insect", "musical instrument", "primate", "fish"]
    of_label = in9_map()
    classes = [[c for c in range(1000) if of_label(c) == label] for label in range(len(names))]
    for variation in IN9_VARIATIONS:
        for label, name in enumerate(names):
            for k in range(12):
                picture(root / "in9" / variation / "val" / f"{label:02d}_{name}" / f"{k}_{variation}.JPEG",
                        classes[label][k], side=SIDE)
    for folder, number in FOLDERS.items():
        for k in range(9):
            picture(root / "folder" / folder / f"{k}.png", number)
            picture(root / "train" / folder / f"t{k}.png", number + k % 3)
    with open(root / "classes.csv", "w", newline="") as file:
        csv.writer(file).writerows([["folder", "index"], *FOLDERS.items()])


def make_model(root, pool):
    """Of values that all count: biases, norms and tokens too, which start at zero and one. Its head is made from what it
    sees of one image a class, so that some answers are right and some wrong."""
    torch.manual_seed(3)
    model = timm.models.VisionTransformer(img_size=SIDE, patch_size=8, embed_dim=48, depth=3, num_heads=3,
                                          num_classes=1000, global_pool=pool)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name and name.endswith("weight"):
                parameter.normal_(1, 0.2)
            elif parameter.dim() < 2 or name in ("cls_token", "pos_embed"):
                parameter.normal_(0, 0.2)
            else:
                parameter.normal_(0, 1.2 / math.sqrt(parameter[0].numel()))
        seen = model.eval().forward_head(torch.cat([
            model.forward_features(view(path, RESIZE)[None]) for path in images_below(root / "v2")]), pre_logits=True)
        classes = [int(path.parent.name) for path in images_below(root / "v2")]
        model.head.weight[classes] = (seen - seen.mean(0)) / seen.std(0).norm() * 4
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
        scored = logits if subset is None else logits[:, subset]
        index = self.index = torch.arange(logits.shape[1]) if subset is None else torch.tensor(subset)
        probabilities = scored.softmax(1)
        order = torch.argsort(scored, dim=1, descending=True, stable=True)[:, :5]
        self.top = index[order].tolist()
        self.confidence = [p[o[0]].item() for p, o in zip(probabilities, order)]
        self.means = label_of or (lambda c: c)
        self.correct = [self.means(top[0]) == label for top, label in zip(self.top, labels)]
        self.figures = {"n": self.n, "top1": sum(self.correct) / self.n,
                        "top5": sum(label in [self.means(c) for c in top] for top, label in zip(self.top, labels)) / self.n}
        nll = []
        for row, label in enumerate(labels):
            nll.append(-math.log(self.of_labels(probabilities[row])[label]))
        self.figures["nll"] = sum(nll) / self.n
        self.figures["brier"] = sum(map(self.squared_error, probabilities, labels)) / self.n
        self.figures["ece"] = self.ece()
        if subset is not None:
            self.figures["top1_all"] = sum(int(l.argmax()) == y for l, y in zip(logits, labels)) / self.n
        z, share = 1.959963984540054, self.figures["top1"]
        centre, spread = share + z * z / 2 / self.n, z * math.sqrt(share * (1 - share) / self.n + z * z / 4 / self.n**2)
        self.figures["interval95"] = [(centre - spread) / (1 + z * z / self.n), (centre + spread) / (1 + z * z / self.n)]

    def of_labels(self, probability):
        """Each label's probability: the sum over the classes that mean it; -1 is no label."""
        sums = collections.Counter()
        for c, p in zip(self.index.tolist(), probability.tolist()):
            sums[self.means(c)] += p
        return sums

    def squared_error(self, probability, label):
        return sum((p - (of == label)) ** 2 for of, p in self.of_labels(probability).items())

    def per_class(self):
        n, correct = collections.Counter(self.labels), collections.Counter()
        for label, right in zip(self.labels, self.correct):
            correct[label] += right
        return {"label": sorted(n), "n": [n[c] for c in sorted(n)], "correct": [correct[c] for c in sorted(n)]}

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
        if figures["per_class"] != expected.per_class():
            self.failures.append(f"{name}: per_class: {figures['per_class']} found, {expected.per_class()} expected")
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
        for i in torch.argsort(row, dim=0, descending=True, stable=True)[:k]:
            votes[label[train[i].parent.name]] += math.exp(row[i] / temperature)
        order = sorted(votes, key=lambda c: -votes[c])
        rows.append((order, votes[order[0]] / sum(votes.values())))
    return test, [label[p.parent.name] for p in test], rows


def suites_of(root):
    return [{"name": "in1k", "kind": "imagenet", "data": f"{root}/val"},
            {"name": "a", "kind": "imagenet_a", "data": f"{root}/a"},
            {"name": "r", "kind": "imagenet_r", "data": f"{root}/r"},
            {"name": "v2", "kind": "imagenet_v2", "data": f"{root}/v2"},
            {"name": "sketch", "kind": "imagenet_sketch", "data": f"{root}/sketch"},
            {"name": "c", "kind": "imagenet_c", "data": f"{root}/c"},
            {"name": "in9", "kind": "imagenet9", "data": f"{root}/in9"},
            {"name": "folder", "kind": "folder", "data": f"{root}/folder", "class_map": f"{root}/classes.csv"},
            {"name": "knn", "kind": "knn", "data": f"{root}/folder", "train": f"{root}/train", "k": 5,
             "temperature": 0.1}]


class Truth:
    """What timm, torchvision and Pillow say of every image of every suite but k-NN's: NAME → (paths, Expected)."""

    def __init__(self, model, root):
        by_wnid = {wnid: i for i, wnid in enumerate(WNIDS)}

        def of_wnid(path):
            return by_wnid[path.parent.name]

        def look(folder, label, resize=RESIZE, **scoring):
            paths = images_below(root / folder)
            logits = logits_of(model, paths, resize)
            return paths, Expected(logits, [label(p) for p in paths], **scoring), logits
        *self.in1k, clean = look("val", of_wnid)
        self.suites = {
            "in1k": self.in1k,
            "sketch": look("sketch", of_wnid)[:2],
            "v2": look("v2", lambda p: int(p.parent.name))[:2],
            "a": look("a", of_wnid, subset=CLASSES_A)[:2],
            "r": look("r", of_wnid, subset=CLASSES_R)[:2],
            "folder": look("folder", lambda p: FOLDERS[p.parent.name])[:2],
            "c": look("c", of_wnid, resize=None)[:2],
            "in9": look("in9", lambda p: int(p.parent.name[:2]), resize=None, label_of=in9_map())[:2]}
        # One clean pass also answers for the classes of ImageNet-A and -R, among them alone.
        self.clean = {}
        for name, classes in (("a", CLASSES_A), ("r", CLASSES_R)):
            rows = [i for i, label in enumerate(self.in1k[1].labels) if label in classes]
            among = Expected(clean[rows], [self.in1k[1].labels[i] for i in rows], subset=classes)
            self.clean[name] = {key: among.figures[key] for key in ("n", "top1", "interval95")}
        self.neighbours = neighbours(model, root, RESIZE)

    def check(self, report, root, out):
        found = {name: report.suite(name, root / {"in1k": "val"}.get(name, name), out, *seen)
                 for name, seen in self.suites.items()}
        if None not in found.values():
            self.check_subsets(report, found)
            self.check_corruptions(report, found["c"])
            self.check_backgrounds(report, found["in9"])
        self.check_neighbours(report, out)

    def check_subsets(self, report, found):
        for name, figures in self.clean.items():
            for key, value in figures.items():
                report.check("in1k", f"classes_{name}.{key}", found["in1k"][f"classes_{name}"][key], value, 1e-12)
            report.check(name, "clean_top1", found[name]["clean_top1"], figures["top1"])
            drop = figures["top1"] - self.suites[name][1].figures["top1"]
            report.check(name, "clean_drop", found[name]["clean_drop"], drop, 1e-12)

    def check_corruptions(self, report, found):
        paths, expected = self.suites["c"]
        corruptions = ("glass_blur", "fog", "spatter")
        for corruption in corruptions:
            cells = [[r for r, p in zip(expected.correct, paths) if p.parts[-4] == corruption and p.parts[-3] == str(s)]
                     for s in range(1, 6)]
            report.check("c", corruption, found["cells"][corruption], [sum(c) / len(c) for c in cells])
        if set(found["cells"]) != set(corruptions) or {"acc19", "acc15", "mce", "relative_mce"} & set(found):
            report.failures.append("c: figures of corruptions that are not there")

    def check_backgrounds(self, report, found):
        paths, expected = self.suites["in9"]
        of = {v: [r for r, p in zip(expected.correct, paths) if p.parts[-4] == v] for v in IN9_VARIATIONS}
        of = {v: sum(r) / len(r) for v, r in of.items()}
        for key, value in {**of, "gap_os": of["original"] - of["mixed_same"],
                           "gap_or": of["original"] - of["mixed_rand"],
                           "gap_sr": of["mixed_same"] - of["mixed_rand"]}.items():
            report.check("in9", key, found[key], value, 1e-12)

    def check_neighbours(self, report, out):
        paths, labels, rows = self.neighbours
        with open(out / "predictions" / "knn.csv", newline="") as file:
            lines = list(csv.DictReader(file))
        if len(lines) != len(paths):
            report.failures.append(f"knn: {len(lines)} lines, {len(paths)} expected")
        report.images += len(lines)
        for line, path, label, (order, share) in zip(lines, paths, labels, rows):
            order = (order + [-1] * 5)[:5]
            report.check("knn", str(path), [int(line["label"])] + [int(line[f"pred{i}"]) for i in range(1, 6)],
                         [label] + order)
            report.check("knn", f"{path} confidence", float(line["confidence"]), share, 1e-4)


def evaluate(binaries, root, out, ranks, batch):
    (root / "eval.yaml").write_text(json.dumps(
        {"suites": suites_of(root), "preprocess": {"resize": RESIZE, "crop": SIDE}, "batch_size": int(batch)}))
    run = subprocess.run([binaries / "luvit_eval", "--config", root / "eval.yaml", "--weights",
                          root / "model.safetensors", "--output", out, "--ranks", ranks, "--resume", "none"],
                         capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"luvit_eval: exit {run.returncode}\n{run.stdout}\n{run.stderr}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--ranks", default="1,2,3")
    parser.add_argument("--batch", default="7,64")
    parser.add_argument("--pool", default="avg", choices=["avg", "token"])
    parser.add_argument("--keep", help="folder to work in, which stays")
    arguments = parser.parse_args()
    binaries = pathlib.Path(arguments.bin).resolve()
    torch.set_num_threads(1)
    failures = 0
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(arguments.keep or temporary)
        root.mkdir(parents=True, exist_ok=True)
        make_trees(root)
        model = make_model(root, arguments.pool)
        subprocess.run([binaries / "luvit_convert", "import", root / "timm.safetensors", "--heads", "3", "--out",
                        root / "model.safetensors"], check=True, stdout=subprocess.DEVNULL)
        truth = Truth(model, root)
        print("right:", ", ".join(f"{name} {seen[1].figures['top1']:.3f}" for name, seen in truth.suites.items()))
        for ranks in arguments.ranks.split(","):
            for batch in arguments.batch.split(","):
                out = root / f"out-{ranks}-{batch}"
                shutil.rmtree(out, ignore_errors=True)
                evaluate(binaries, root, out, ranks, batch)
                report = Report()
                truth.check(report, root, out)
                for failure in report.failures[:20]:
                    print("FAILED", failure)
                failures += len(report.failures)
                print(f"{report.images} images of {len(suites_of(root))} suites, {ranks} ranks, batch {batch}: "
                      f"{len(report.failures)} differences; confidences within {report.worst:.1e}", flush=True)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
