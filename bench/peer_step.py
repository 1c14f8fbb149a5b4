"""Times the training step of peer_model.py; prints luvit_bench's JSON keys. compare.py runs it."""
import argparse
import json
import resource
import statistics
import time

import torch

from peer_model import build, layer_groups


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--preset", default="luvit_b")
    options.add_argument("--task", choices=["pretrain", "finetune"], default="pretrain")
    options.add_argument("--precision", choices=["float32", "bfloat16"], default="bfloat16")
    options.add_argument("--batch", type=int, default=16)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--warmup", type=int, default=1)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--device", default="cpu")
    options.add_argument("--compile", action="store_true")
    options.add_argument("--fused", action="store_true", help="AdamW's fused form (the default form is the plain one)")
    a = options.parse_args()

    torch.set_num_threads(a.threads)
    model = build(a.preset, a.task).to(a.device)
    step_model = torch.compile(model) if a.compile else model
    side = 32 if a.preset == "demo" else 224
    images = torch.randn(a.batch, 3, side, side, device=a.device)
    if a.task == "pretrain":
        groups = [{"params": [p for p in model.parameters() if p.requires_grad]}]
        betas = (0.9, 0.95)
        inputs = images, torch.rand(a.batch, model.count, device=a.device)
    else:
        groups, betas, inputs = layer_groups(model, lr=1e-3), (0.9, 0.999), (images,)
        targets = torch.rand(a.batch, model.head.out_features, device=a.device).softmax(-1)
    optimizer = torch.optim.AdamW(groups, lr=1.5e-4, betas=betas, weight_decay=0.05, fused=a.fused or None)

    def loss_of_batch():
        result = step_model(*inputs)
        return result if a.task == "pretrain" else -(targets * result.log_softmax(-1)).sum(-1).mean()

    def step():
        start = time.perf_counter()
        optimizer.zero_grad()
        with torch.autocast(a.device, dtype=torch.bfloat16, enabled=a.precision == "bfloat16"):
            loss = loss_of_batch()
        loss.backward()
        optimizer.step()
        value = loss.item()
        return time.perf_counter() - start, value

    for _ in range(a.warmup):
        step()
    timed = [step() for _ in range(a.repeats)]
    seconds = [t for t, _ in timed]
    median = statistics.median(seconds)
    print(json.dumps({
        "what": "step", "task": a.task, "precision": a.precision, "batch": a.batch, "threads": a.threads,
        "seconds": {"min": min(seconds), "median": median, "max": max(seconds)},
        "images_per_second": a.batch / median, "loss": timed[-1][1],
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }))


if __name__ == "__main__":
    main()
