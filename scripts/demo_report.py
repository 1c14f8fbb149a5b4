#!/usr/bin/env python3
"""demo_report.py RUNS ARM…: the arms' losses and accuracies on held-out images, side by side, from their metrics.jsonl."""

import json
import pathlib
import sys

MEANING = {
    "luvit": "SmolLM2's last block, LoRA",
    "permuted": "the same block, entries permuted, LoRA",
    "mlp": "an MLP of equal trainable size",
    "vit": "no fusion",
    "scratch": "SmolLM2's last block, LoRA; no pretraining",
}


def last(path, kind):
    """The newest line of a kind: after a resume a step stands twice, and the last one counts."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return next(line for line in reversed(lines) if line["kind"] == kind)


runs, arms = pathlib.Path(sys.argv[1]), sys.argv[2:]
print(f"{'arm':10}{'fusion':42}{'training loss':>14}{'held-out loss':>15}{'images':>8}")
for arm in arms:
    metrics = runs / arm / "metrics.jsonl"
    step, held_out = last(metrics, "step"), last(metrics, "eval")
    print(f"{arm:10}{MEANING[arm]:42}{step['loss']:14.4f}{held_out['loss']:15.4f}{held_out['n']:8}")
print(f"\n{'fine-tuned':10}{'fusion':42}{'training loss':>14}{'held-out top-1':>15}{'images':>8}")
for arm in [*arms, "scratch"]:
    metrics = runs / f"finetune_{arm}" / "metrics.jsonl"
    step, held_out = last(metrics, "step"), last(metrics, "eval")
    print(f"{arm:10}{MEANING[arm]:42}{step['loss']:14.4f}{held_out['top1']:15.4f}{held_out['n']:8}")
if len(arms) > 1:
    print("One seed: a difference is worth something only beside those of other seeds (scripts/demo.sh --arms --seed 1).")
