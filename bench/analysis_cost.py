#!/usr/bin/env python3
"""What an imagenet_s suite costs, in plain forward passes over the same images: a ViT-B/16 with random weights.

    .venv/bin/python bench/analysis_cost.py [--images 1000] [--program build/release/bin/luvit_eval] [--repeats 1] [key=value ...]

In turns: a run that classifies the images, and one that analyses them, masks, figures and files included. Prints the seconds
of each from its results.json, and the ratio's median over repeats. More words go to luvit_eval (device=cuda
precision=bfloat16).
"""
import argparse
import json
import statistics
import struct
import subprocess
import tempfile
import zlib
from pathlib import Path

import torch
from safetensors.torch import save_file

SIDE, DIM, DEPTH, CLASSES = 224, 768, 12, 10


def png(path, pixels):
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + pixels[y].numpy().tobytes() for y in range(height))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
                     + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


def write_images(folder, count):
    y, x = torch.meshgrid(torch.linspace(-1, 1, 375), torch.linspace(-1, 1, 500), indexing="ij")
    for k in range(count):
        name = f"{k % CLASSES:03d}/{k:05d}.png"
        waves = torch.stack([torch.sin((3 + k % 7) * x + c * y + k) for c in range(3)], -1)
        png(folder / "images" / name, (waves * 100 + 120).byte())
        inside = (x - 0.3 * torch.tensor(float(k)).sin()) ** 2 + y**2 < 0.2
        png(folder / "masks" / name, torch.stack([inside * 7, 0 * x, 0 * x], -1).byte())


def write_weights(path):
    torch.manual_seed(0)
    shapes = {"cls_token": (1, 1, DIM), "pos_embed": (1, 197, DIM), "patch_embed.proj.weight": (DIM, 3, 16, 16), "patch_embed.proj.bias": (DIM,),
              "fc_norm.weight": (DIM,), "fc_norm.bias": (DIM,), "head.weight": (CLASSES, DIM), "head.bias": (CLASSES,)}
    for i in range(DEPTH):
        for name, rows, columns in (("attn.qkv", 3 * DIM, DIM), ("attn.proj", DIM, DIM), ("mlp.fc1", 4 * DIM, DIM), ("mlp.fc2", DIM, 4 * DIM)):
            shapes |= {f"blocks.{i}.{name}.weight": (rows, columns), f"blocks.{i}.{name}.bias": (rows,)}
        shapes |= {f"blocks.{i}.{norm}.{part}": (DIM,) for norm in ("norm1", "norm2") for part in ("weight", "bias")}
    weights = {name: torch.randn(shape) * 0.04 for name, shape in shapes.items()}
    model = {"image_size": SIDE, "dim": DIM, "depth": DEPTH, "heads": 12, "classes": CLASSES, "fusion": {"kind": "none"}}
    save_file(weights, path, metadata={"luvit.format": "1", "luvit.model": json.dumps(model), "luvit.preprocess": json.dumps({"resize": 256, "crop": SIDE}),
                                       "luvit.classes": json.dumps([f"{c:03d}" for c in range(CLASSES)])})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--program", default="build/release/bin/luvit_eval")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_images(folder, options.images)
        write_weights(folder / "vit_b.safetensors")
        data, masks = folder / "images", folder / "masks"
        suites = {"plain": f"kind: folder, data: {data}", "analysed": f"kind: imagenet_s, data: {data}, masks: {masks}, maps: true"}
        ratios = []
        for repeat in range(options.repeats):
            seconds = {}
            for suite, about in suites.items():
                out = folder / f"{suite}{repeat}"
                (folder / "eval.yaml").write_text(f"suites:\n  - {{name: {suite}, {about}}}\n")
                command = [options.program, "--config", folder / "eval.yaml", "--weights", folder / "vit_b.safetensors", "--output", out]
                subprocess.run([*command, *options.words], check=True, stdout=subprocess.DEVNULL)
                seconds[suite] = json.loads((out / "results.json").read_text())["timing"]["seconds"]
            ratios.append(seconds["analysed"] / seconds["plain"])
            print(f"plain {seconds['plain']:.2f} s, analysed {seconds['analysed']:.2f} s: {ratios[-1]:.3f}", flush=True)
        print(f"an analysis costs {statistics.median(ratios):.3f} plain forward passes (median of {options.repeats}; wanted: at most 1.3)")


if __name__ == "__main__":
    main()
