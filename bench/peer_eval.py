"""Times an evaluation of peer_model.py's classifier over a folder of classes, decoding included, as PyTorch users
write it: ImageFolder, Pillow's or torchvision's transforms, a DataLoader, autocast. compare.py runs it."""
import argparse
import json
import resource
import time

import torch
from safetensors.torch import load_file
from torchvision import datasets, io, transforms
from torchvision.transforms import v2

from peer_model import build
from peer_loader import MEAN, STD


def images_of(folder, backend):
    bicubic = transforms.InterpolationMode.BICUBIC
    if backend == "pillow":
        view = transforms.Compose([transforms.Resize(256, interpolation=bicubic), transforms.CenterCrop(224),
                                   transforms.ToTensor(), transforms.Normalize(MEAN, STD)])
        return datasets.ImageFolder(folder, view)
    view = v2.Compose([v2.Resize(256, interpolation=bicubic, antialias=True), v2.CenterCrop(224),
                       v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)])
    return datasets.ImageFolder(folder, view, loader=lambda path: io.decode_image(path, io.ImageReadMode.RGB))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--data", required=True)
    options.add_argument("--weights", required=True, help="of luvit's names; LoRA's as peft has them")
    options.add_argument("--preset", default="luvit_b")
    options.add_argument("--backend", choices=["torchvision", "pillow"], default="torchvision")
    options.add_argument("--precision", choices=["float32", "bfloat16"], default="bfloat16")
    options.add_argument("--batch", type=int, default=16)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--compile", action="store_true")
    a = options.parse_args()

    torch.set_num_threads(a.threads)
    model = build(a.preset, "finetune").eval()
    model.load_state_dict(load_file(a.weights))
    step_model = torch.compile(model) if a.compile else model
    data = images_of(a.data, a.backend)

    def logits(images):
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=a.precision == "bfloat16"):
            return step_model(images)

    logits(torch.randn(a.batch, 3, 224, 224))  # compiles
    loader = torch.utils.data.DataLoader(data, a.batch, num_workers=a.workers)
    start = time.perf_counter()
    top1 = sum((logits(images).argmax(-1) == label).sum().item() for images, label in loader)
    seconds = time.perf_counter() - start
    print(json.dumps({"what": "eval", "images_per_second": len(data) / seconds, "top1": top1 / len(data),
                      "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


if __name__ == "__main__":
    main()
