#!/usr/bin/env python3
"""Checks `luvit_eval gsnr` against autograd: every image's gradient on its own, in float64, by scripts/luvit_torch.py.

    luvit_eval gsnr RUN --data D --out DIR --dump-probe --sets 2 --samples 64 --micro-batch 1
    python scripts/check_gsnr.py DIR RUN/model.safetensors [--tolerance 1e-5]

DIR/gsnr.json's first point is compared, which must be of these weights (name RUN/model.safetensors as RUN): each tensor's,
layer's and the model's R_l, mean, median, 95th percentile and share above zero, for each probe set. The figures are made
anew here, from the materialised gradients; with a larger micro-batch, from means over as many. Relative to the figure, or
to 1/N where that is more. A median, percentile or share hangs on single parameters, whose gradients float32 does not give
to 1e-5 (torch's own do not either): ten times the tolerance for these. Needs torch, numpy and safetensors.
"""
import argparse
import json
import pathlib
import sys

import numpy
import torch
from safetensors import safe_open

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from luvit_torch import load  # noqa: E402


ORDER = ("median", "p95", "share_positive")


def read(path):
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}


def loss_of(model, probe, part):
    images = probe["images"][part].double()
    if "noise" in probe:
        return model(images, probe["noise"][part].double())[0]
    return -(probe["targets"][part].double() * model(images).log_softmax(1)).sum(1).mean()


def gradients(model, names, probe, size):
    """[K, values] by name: of each micro-batch's own mean loss."""
    parameters = dict(model.named_parameters())
    rows = {name: [] for name in names}
    for first in range(0, len(probe["images"]), size):
        model.zero_grad(set_to_none=True)
        loss_of(model, probe, slice(first, first + size)).backward()
        for name in names:
            gradient = parameters[name].grad
            rows[name].append(torch.zeros_like(parameters[name]).flatten() if gradient is None else gradient.flatten())
    return {name: torch.stack(each) for name, each in rows.items()}


def kept(name, found):
    """Which values count: not a key bias, nor one whose gradient never changes."""
    keep = found.var(0) > 0
    if name.endswith(".attn.qkv.bias"):
        third = found.shape[1] // 3
        keep[third:2 * third] = False
    return keep


def figures(parts, size):
    k, n = len(parts[0]), len(parts[0]) * size
    mean = torch.cat([g.mean(0) for g in parts])
    variance = torch.cat([g.var(0) for g in parts]) * size  # of one sample's gradient
    r = ((k - 3) / (k - 1) * mean**2 / variance - 1 / n).numpy()
    ratio = ((mean**2).sum() - variance.sum() / n) / variance.sum()
    return {"n": len(r), "mean": r.mean(), "median": numpy.median(r), "p95": numpy.percentile(r, 95),
            "share_positive": (r > 0).mean(), "r_l": ratio.item()}


def layer_of(name):
    parts = name.split(".")
    return ".".join(parts[:2]) if parts[0] in ("blocks", "decoder_blocks") else parts[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("weights", type=pathlib.Path)
    parser.add_argument("--tolerance", type=float, default=1e-5)
    asked = parser.parse_args()
    results = json.loads((asked.folder / "gsnr.json").read_text())
    point, size = results["points"][0], results["micro_batch"]
    model = load(asked.weights, torch.float64)
    tensors = [row["name"] for row in point["rows"] if row["level"] == "tensor"]
    worst, compared = {}, 0
    for number in range(results["sets"]):
        probe = read(asked.folder / f"probe-{number}.safetensors")
        found = gradients(model, tensors, probe, size)
        keep = {name: kept(name, found[name]) for name in tensors}
        for row in point["rows"]:
            if row["level"] not in ("tensor", "layer", "model"):
                continue
            names = [name for name in tensors if row["name"] == "all" or row["name"] == (name if row["level"] == "tensor" else layer_of(name))]
            parts = [found[name][:, keep[name]] for name in names if keep[name].any()]
            if not parts:
                assert row["n"] == 0, row["name"]
                continue
            ours = figures(parts, size)
            if number == 0 and ours["n"] != row["n"]:  # the count is the first set's
                print(f"{row['name']}: {ours['n']} values count here, {row['n']} there", file=sys.stderr)
                sys.exit(1)
            for key in ("mean", "median", "p95", "share_positive", "r_l"):
                there = row[key]["sets"][number]
                error = abs(there - ours[key]) / max(abs(ours[key]), 1 / results["samples"])
                compared += 1
                if error > worst.get(key, (-1,))[0]:
                    worst[key] = (error, f"set {number}, {row['name']}: {there} there, {ours[key]} here")
    print(f"{compared} figures compared; the largest relative differences:")
    for key, (error, where) in worst.items():
        print(f"  {key:15} {error:.1e}  {where}")
    sys.exit(any(error > asked.tolerance * (10 if key in ORDER else 1) for key, (error, _) in worst.items()))


if __name__ == "__main__":
    main()
