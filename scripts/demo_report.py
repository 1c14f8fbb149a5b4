#!/usr/bin/env python3
"""demo_report.py --arms ARM… --seeds RUNS…: what scripts/demo.sh found, side by side.

Losses come from the runs' metrics.jsonl, accuracies from luvit_eval's results; over several seeds `luvit_eval seeds` makes
mean and 99% interval, and luvit's paired difference to each other arm and to itself trained from scratch.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile

BIN = pathlib.Path(__file__).resolve().parents[1] / "build/release/bin"
MEANING = {
    "luvit": "SmolLM2's last block, LoRA",
    "permuted": "its entries permuted, LoRA",
    "mlp": "an MLP of equal trainable size",
    "vit": "no fusion",
    "scratch": "luvit's, not pretrained",
}
COLUMNS = {"finetune": "fine-tuned", "probe": "linear probe", "features": "k-NN"}


def held_out_loss(path):
    """The newest evaluation's: after a resume a step stands twice, and the last one counts."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return next(line for line in reversed(lines) if line["kind"] == "eval")["loss"]


def over_seeds(folders, against=()):
    """`luvit_eval seeds` of top-1 over the first suite."""
    with tempfile.TemporaryDirectory() as temporary:
        out = pathlib.Path(temporary) / "seeds.json"
        other = ["--against", *against, "--paired"] if against else []
        subprocess.run([BIN / "luvit_eval", "seeds", *folders, *other, "--out", out], check=True, capture_output=True)
        suites = json.loads(out.read_text())["suites"]
    return next(iter(suites.values()))["top1"]


def percent(summary):
    if "interval99" not in summary:
        return f"{100 * summary['mean']:.2f}"
    half = (summary["interval99"][1] - summary["interval99"][0]) / 2
    return f"{100 * summary['mean']:.2f} ± {100 * half:.2f}"


def accuracy(kind, arm, seeds):
    folders = [runs / f"eval_{kind}_{arm}" for runs in seeds]
    if not all((folder / "results.json").exists() for folder in folders):
        return ""
    return percent(over_seeds(folders))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arms", nargs="+", required=True)
    parser.add_argument("--seeds", nargs="+", type=pathlib.Path, required=True, help="the folder of each seed")
    options = parser.parse_args()
    print(f"Top-1 on Fashion-MNIST's 10,000 test images, %; {len(options.seeds)} seed(s)"
          + (", mean ± half of the 99% interval (Student's t)" if len(options.seeds) > 1 else ""))
    print("| arm | fusion | held-out MAE loss | " + " | ".join(COLUMNS.values()) + " |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    for arm in [*options.arms, "scratch"]:
        losses = [held_out_loss(r / arm / "metrics.jsonl") for r in options.seeds if arm != "scratch"]
        loss = f"{sum(losses) / len(losses):.4f}" if losses else ""
        figures = [accuracy(kind, arm, options.seeds) for kind in COLUMNS]
        print(" | ".join(["| " + arm, MEANING[arm], loss, *figures]) + " |")
    if len(options.seeds) == 1:
        print("One seed: a difference is worth something only beside other seeds' (scripts/demo.sh --seed 0 --seed 1 --seed 2).")
        return
    for arm in [arm for arm in [*options.arms, "scratch"] if arm != "luvit"]:
        pairs = [[r / f"eval_finetune_{name}" for r in options.seeds] for name in (arm, "luvit")]
        difference = over_seeds(*pairs)["paired"]
        low, high = difference["interval99"]
        print(f"luvit − {arm}, fine-tuned, the same seeds: {100 * difference['difference']:+.2f} "
              f"[{100 * low:+.2f}, {100 * high:+.2f}], p = {difference['p']:.2g}")


if __name__ == "__main__":
    main()
