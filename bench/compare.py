"""Side-by-side speed of luvit_bench and its PyTorch peers, in alternating turns of one run.

    .peers/bin/python bench/compare.py step --precision bfloat16
    .peers/bin/python bench/compare.py step --precision float32
    .peers/bin/python bench/compare.py step --task finetune
    .peers/bin/python bench/compare.py eval          # luvit_eval over a folder of JPEGs, decoding included
    .peers/bin/python bench/compare.py loader
    .peers/bin/python bench/compare.py check        # the peer and luvit_infer: the same loss from the same weights

Every turn starts each contestant afresh, one after the other, so that a slow minute of the machine meets them all;
ratios are medians over the turns. Prints a table and writes all single figures to --out as JSON.
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
# What a user would have to know to set: glibc then keeps big freed blocks instead of mapping new ones.
MALLOC = {"MALLOC_MMAP_THRESHOLD_": "4294967296", "MALLOC_TRIM_THRESHOLD_": "8589934592"}
# name → the least that luvit's speed should be of the peer's (None: shown only)
STEP_TARGETS = {
    "bfloat16": {"eager": 1.3, "compiled": 1.3, "eager, malloc settings": 1.05},
    "float32": {"eager": 1.15, "compiled": 1.15, "eager, malloc settings": 1.0},
}
FINETUNE_TARGETS = {"eager": 1.25, "compiled": 1.25, "eager, malloc settings": 1.05}
EVAL_TARGETS = {"eager": 1.2, "compiled": 1.2, "eager, malloc settings": 1.05}
LOADER_TARGETS = {"torchvision": 1.1, "Pillow": 2.2}
MEMORY_TARGET = 0.9


def last_json(command, environment=None):
    run = subprocess.run([str(c) for c in command], capture_output=True, text=True, env=environment, cwd=HERE.parent)
    if run.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\nended with {run.returncode}:\n{run.stderr[-3000:]}")
    return json.loads(run.stdout.strip().splitlines()[-1])


def fast_peer_precision(a):
    """Without oneDNN's bfloat16 products ATen multiplies one number at a time and takes minutes an image. PyTorch's best
    is then float32, which luvit in bfloat16 is held against instead."""
    if a.what == "loader" or a.precision == "float32":
        return a.precision
    import torch
    if torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return a.precision
    print("PyTorch runs in float32: it has no fast bfloat16 products on this processor")
    return "float32"


def step_contestants(a):
    common = ["--batch", a.batch, "--threads", a.threads, "--warmup", a.warmup, "--repeats", a.repeats,
              "--preset", a.preset, "--task", a.task]
    own = [a.bench, "step", *common, "--precision", a.precision, "--device", "cpu", "--json"]
    peer = [sys.executable, HERE / "peer_step.py", *common, "--precision", a.peer_precision]
    plain = without_malloc_settings()
    everyone = {
        "luvit": lambda: last_json(own, plain),
        "eager": lambda: last_json(peer, plain),
        "compiled": lambda: last_json([*peer, "--compile"], plain),
        "eager, malloc settings": lambda: last_json(peer, {**plain, **MALLOC}),
        "eager, malloc settings, fused AdamW": lambda: last_json([*peer, "--fused"], {**plain, **MALLOC}),
    }
    return chosen(everyone, a.only)


def chosen(everyone, only):
    return {k: v for k, v in everyone.items() if k == "luvit" or not only or k in only}


def without_malloc_settings():
    return {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")}


def run_luvit_eval(a, folder):
    """Images a second of the suite's pass alone: neither side's start counts."""
    with tempfile.TemporaryDirectory() as out:
        suite = f"[{{name: photos, kind: imagenet, data: {folder}/photos}}]"
        subprocess.run([str(c) for c in (
            a.bench.parent / "luvit_eval", "--weights", f"{folder}/weights.safetensors", "--output", out,
            f"suites={suite}", f"precision={a.precision}", f"batch_size={a.batch}", f"threads={a.threads}",
            f"workers={a.threads}", "device=cpu", "preprocess.resize=256")],
            check=True, capture_output=True, env=without_malloc_settings())
        return json.loads(Path(out, "results.json").read_text())["timing"]


def eval_contestants(a, folder):
    from peer_model import as_luvit, build
    from safetensors.torch import save_file
    model = build(a.preset, "finetune")
    tensors, metadata = as_luvit(model, a.preset)
    save_file(tensors, f"{folder}/weights.safetensors", metadata)
    save_file(model.state_dict(), f"{folder}/peer.safetensors")
    for i, wnid in enumerate(("n01440764", "n01443537", "n01484850", "n01491361")):
        place = Path(folder, "photos", wnid)
        place.mkdir(parents=True)
        make_photos(place, a.photos // 4, seed=i)
    plain = without_malloc_settings()
    peer = [sys.executable, HERE / "peer_eval.py", "--data", f"{folder}/photos", "--weights",
            f"{folder}/peer.safetensors", "--preset", a.preset, "--precision", a.peer_precision, "--batch", a.batch,
            "--threads", a.threads, "--workers", a.threads]
    return chosen({
        "luvit": lambda: run_luvit_eval(a, folder),
        "eager": lambda: last_json(peer, plain),
        "compiled": lambda: last_json([*peer, "--compile"], plain),
        "eager, malloc settings": lambda: last_json(peer, {**plain, **MALLOC}),
    }, a.only)


def make_photos(folder, count, seed=0):
    """JPEGs of 500×375 with a photograph's spectrum (noise with a falling spectrum), quality 90, 4:2:0."""
    import numpy as np
    from PIL import Image
    generator = np.random.default_rng(seed)
    for i in range(count):
        image = np.zeros((375, 500, 3))
        for size in (3, 6, 12, 24, 48, 96, 192):
            coarse = generator.normal(size=(size * 3 // 4 + 1, size, 3)) * 60 / size**0.35
            layers = [Image.fromarray(coarse[..., c].astype("float32")).resize((500, 375), Image.BICUBIC)
                      for c in range(3)]
            image += np.stack([np.asarray(layer) for layer in layers], -1)
        pixels = (image + 120).clip(0, 255).astype("uint8")
        Image.fromarray(pixels).save(folder / f"{i:04d}.jpg", quality=90, subsampling="4:2:0")


def loader_contestants(a, folder):
    common = ["--data", folder, "--batch", 64, "--threads", a.threads, "--repeats", a.repeats, "--warmup", 1]
    peer = [sys.executable, HERE / "peer_loader.py", *common]
    return {
        "luvit": lambda: last_json([a.bench, "loader", *common, "--json"]),
        "torchvision": lambda: last_json([*peer, "--backend", "torchvision"]),
        "Pillow": lambda: last_json([*peer, "--backend", "pillow"]),
    }


def take_turns(contestants, turns):
    figures = {name: [] for name in contestants}
    for turn in range(turns):
        for name, run in contestants.items():
            figures[name].append(run())
            print(f"turn {turn + 1}: {name}: {figures[name][-1]['images_per_second']:.3f} images/s", file=sys.stderr)
    return figures


def ratios(figures, name):
    """luvit's speed over the peer's, turn by turn."""
    return [own["images_per_second"] / peer["images_per_second"]
            for own, peer in zip(figures["luvit"], figures[name])]


def verdict(ratio, target):
    return "" if target is None else f"{'reached' if ratio >= target else 'MISSED'} (≥ {target})"


def report(figures, targets, with_memory):
    print(f"{'':38}{'images/s':>10}{'peak MB':>9}   luvit is … times as fast")
    leanest = None
    for name, turns in figures.items():
        speed = statistics.median(t["images_per_second"] for t in turns)
        memory = statistics.median(t.get("peak_memory_bytes", 0) for t in turns) / 1e6
        line = f"{name:38}{speed:10.3f}{memory:9.0f}" if memory else f"{name:38}{speed:10.3f}{'':9}"
        if name != "luvit":
            leanest = min(leanest or memory, memory)
            r = ratios(figures, name)
            middle = statistics.median(r)
            line += f"   {middle:.3f} ({min(r):.3f} … {max(r):.3f}) {verdict(middle, targets.get(name))}"
        print(line)
    if with_memory and leanest:
        own = statistics.median(t["peak_memory_bytes"] for t in figures["luvit"]) / 1e6
        reached = "reached" if own <= MEMORY_TARGET * leanest else "MISSED"
        print(f"peak memory over the leanest peer's: {own / leanest:.3f} {reached} (≤ {MEMORY_TARGET})")
    shares = [t["matmul_limit_share"] for t in figures["luvit"] if t.get("matmul_limit_share")]
    if shares:
        limit = statistics.median(t["flops_per_image"] * t["images_per_second"] / t["matmul_limit_share"]
                                  for t in figures["luvit"])
        print(f"matmul speed {limit / 1e9:.0f} GFLOP/s, luvit's share {statistics.median(shares):.3f}")


def check(a):
    """The same loss from the same weights, images and noise: the peer computes what luvit does."""
    import torch
    from safetensors.torch import load_file, save_file

    from peer_model import as_luvit, build
    model = build(a.preset)
    for name, parameter in model.named_parameters():
        if "lora_B" in name or name.endswith("_token"):  # zero at the start: they would hide a mistake
            torch.nn.init.normal_(parameter, std=0.02)
    side = 32 if a.preset == "demo" else 224
    images, noise = torch.randn(2, 3, side, side), torch.rand(2, model.count)
    with tempfile.TemporaryDirectory() as folder:
        tensors, metadata = as_luvit(model, a.preset)
        save_file(tensors, f"{folder}/weights.safetensors", metadata)
        save_file({"images": images, "noise": noise}, f"{folder}/in.safetensors")
        subprocess.run([a.bench.parent / "luvit_infer", "--weights", f"{folder}/weights.safetensors", "--tensors",
                        f"{folder}/in.safetensors", "--emit", "mae", "--out", f"{folder}/out.safetensors"], check=True)
        own = load_file(f"{folder}/out.safetensors")["loss"].item()
    with torch.no_grad():
        peer = model(images, noise).item()
    print(f"loss: luvit {own:.7f}, peer {peer:.7f}, relative difference {abs(own - peer) / peer:.1e}")
    return 0 if abs(own - peer) <= 1e-5 * peer else 1


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", choices=["step", "eval", "loader", "check"])
    options.add_argument("--bench", type=Path, default=HERE.parent / "build/release/bin/luvit_bench")
    options.add_argument("--precision", choices=["float32", "bfloat16"], default="bfloat16")
    options.add_argument("--peer-precision", choices=["float32", "bfloat16"],
                         help="PyTorch's; default: the same, but float32 where PyTorch has no fast bfloat16")
    options.add_argument("--preset", default="luvit_b")
    options.add_argument("--task", choices=["pretrain", "finetune"], default="pretrain")
    options.add_argument("--batch", type=int, default=16)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--turns", type=int, default=5)
    options.add_argument("--warmup", type=int, default=1)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--only", nargs="*", help="these peers only")
    options.add_argument("--photos", type=int, default=256, help="eval, loader: how many images are made")
    options.add_argument("--out", type=Path, help="all single figures as JSON")
    a = options.parse_args()
    if a.what == "check":
        return check(a)
    work = {"step": f"{a.task} step, {a.precision}", "eval": f"evaluation, {a.precision}", "loader": "500×375 → 224²"}
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; "
          f"{work[a.what]}, {a.threads} threads, {a.turns} turns")
    a.peer_precision = a.peer_precision or fast_peer_precision(a)
    with tempfile.TemporaryDirectory() as folder:
        if a.what == "step":
            contestants = step_contestants(a)
            targets = STEP_TARGETS[a.precision] if a.task == "pretrain" else FINETUNE_TARGETS
        elif a.what == "eval":
            contestants, targets = eval_contestants(a, folder), EVAL_TARGETS
        else:
            make_photos(Path(folder), a.photos)
            contestants, targets = loader_contestants(a, folder), LOADER_TARGETS
        figures = take_turns(contestants, a.turns)
    # What is asked of luvit, and of its memory, is asked beside peers of the same type.
    alike = a.peer_precision == a.precision
    report(figures, targets if alike else {}, with_memory=a.what == "step" and alike)
    if a.out:
        a.out.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
