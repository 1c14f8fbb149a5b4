#!/usr/bin/env python3
"""distill_report.py FOLDER ARM…: the arms of scripts/demo_distill.sh side by side: accuracy over the seeds, its difference from
the ViT without a teacher, and what an image costs. Reads ARM.seeds.json (luvit_eval seeds) and ARM.bench.json there, and block.seeds.json: the LUViT's student against the plain MAE's."""

import json
import pathlib
import sys

MEANING = {
    "vit": "plain ViT, no teacher",
    "student_of_vit": "plain ViT, taught by a plain MAE",
    "student": "plain ViT, taught by a LUViT",
    "luvit": "the teacher: SmolLM2's last block, LoRA",
    "distilled": "plain ViT, logits of a fine-tuned LUViT",
    "aux_path": "plain ViT, auxiliary path through the block",
}


def interval(of, scale=100):
    if "interval99" not in of:
        return ""
    low, high = (scale * bound for bound in of["interval99"])
    return f"[{low:.2f}, {high:.2f}]"


runs, arms = pathlib.Path(sys.argv[1]), sys.argv[2:]
print(f"{'arm':16}{'what':45}{'top-1, %':>9}  {'99% interval':18}{'− no teacher':>13}  {'99% interval, paired':22}{'MFLOP/image':>12}{'images/s':>10}")
for arm in arms:
    top1 = json.loads((runs / f"{arm}.seeds.json").read_text())["suites"]["fashion"]["top1"]
    bench = json.loads((runs / f"{arm}.bench.json").read_text())
    own, paired = top1.get("against", top1), top1.get("paired", {})
    difference = f"{100 * (own['mean'] - top1['mean']):+.2f}" if arm != "vit" else ""
    print(f"{arm:16}{MEANING[arm]:45}{100 * own['mean']:9.2f}  {interval(own):18}{difference:>13}  "
          f"{interval(paired) if arm != 'vit' else '':22}{bench['flops_per_image'] / 1e6:12.1f}{bench['images_per_second']:10.0f}")
block = json.loads((runs / "block.seeds.json").read_text())["suites"]["fashion"]["top1"]
print(f"\nwhat the language block adds to the teaching (student − student_of_vit): "
      f"{100 * (block['against']['mean'] - block['mean']):+.2f} {interval(block.get('paired', {}))}")
print(f"{own['n']} seeds: intervals are Student's over them, and hold the seeds' spread alone, not that of the test images.")
