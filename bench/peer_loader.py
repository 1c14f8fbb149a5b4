"""Times a torch DataLoader over a folder of JPEGs: random resized crop (bicubic) to 224², flip, normalise, batch.

--backend torchvision: read_image and the v2 transforms on uint8 tensors (torchvision's own fast path);
--backend pillow: ImageFolder's default loader and the classic transforms, as MAE's script has them.
"""
import argparse
import json
import resource
import statistics
import time
from pathlib import Path

import torch
from PIL import Image
from torchvision import io, transforms
from torchvision.transforms import v2

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Photos(torch.utils.data.Dataset):
    def __init__(self, folder, backend, at_least):
        files = sorted(Path(folder).rglob("*.jpg"))
        self.files = files * (-(-at_least // len(files)))
        self.backend = backend
        bicubic = transforms.InterpolationMode.BICUBIC
        if backend == "torchvision":
            self.transform = v2.Compose([
                v2.RandomResizedCrop(224, scale=(0.2, 1.0), interpolation=bicubic, antialias=True),
                v2.RandomHorizontalFlip(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)])
        else:
            self.transform = transforms.Compose([
                transforms.RandomResizedCrop(224, scale=(0.2, 1.0), interpolation=bicubic),
                transforms.RandomHorizontalFlip(), transforms.ToTensor(), transforms.Normalize(MEAN, STD)])

    def __len__(self):
        return len(self.files)

    def __getitem__(self, i):
        if self.backend == "torchvision":
            return self.transform(io.decode_image(str(self.files[i]), io.ImageReadMode.RGB))
        with Image.open(self.files[i]) as image:
            return self.transform(image.convert("RGB"))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--data", required=True)
    options.add_argument("--backend", choices=["torchvision", "pillow"], required=True)
    options.add_argument("--batch", type=int, default=64)
    options.add_argument("--threads", type=int, default=2, help="worker processes")
    options.add_argument("--warmup", type=int, default=1)
    options.add_argument("--repeats", type=int, default=3)
    a = options.parse_args()
    batches = 1024 // a.batch  # a round
    data = Photos(a.data, a.backend, (a.warmup + a.repeats) * batches * a.batch)
    loader = torch.utils.data.DataLoader(data, a.batch, shuffle=True, num_workers=a.threads, drop_last=True,
                                         prefetch_factor=2)
    seconds = []  # a batch; one pass over all rounds, so that the workers start once and never run dry between
    start = time.perf_counter()
    for done, _ in enumerate(loader, 1):
        if done % batches == 0:
            now = time.perf_counter()
            seconds.append((now - start) / batches)
            start = now
    seconds = seconds[a.warmup:a.warmup + a.repeats]
    median = statistics.median(seconds)
    print(json.dumps({
        "what": "loader", "batch": a.batch, "threads": a.threads,
        "seconds": {"min": min(seconds), "median": median, "max": max(seconds)},
        "images_per_second": a.batch / median,
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }))


if __name__ == "__main__":
    main()
