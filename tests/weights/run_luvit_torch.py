"""Runs scripts/luvit_torch.py over every NAME.safetensors of a folder; writes NAME.outputs.safetensors beside it.

    python run_luvit_torch.py LUVIT_TORCH_FOLDER FOLDER      # FOLDER/inputs holds images and noise
"""
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

sys.path.insert(0, sys.argv[1])
import luvit_torch  # noqa: E402

torch.set_num_threads(1)
folder = Path(sys.argv[2])
inputs = load_file(folder / "inputs")
images, noise = inputs["images"], inputs["noise"]
with torch.no_grad():
    for path in sorted(folder.glob("*.safetensors")):
        model = luvit_torch.load(path)
        out = {"encoder": model.encoder(images), "features": model.features(images)}
        if isinstance(model, luvit_torch.MaskedAutoencoder):
            out["loss"], out["pred"], out["mask"] = model(images, noise)
            out["patches"] = model.unpatchify(model.patchify(images))
        elif isinstance(model, luvit_torch.Classifier):
            out["logits"] = model(images)
        save_file({k: v.contiguous() for k, v in out.items()}, path.with_suffix(".outputs"))
        luvit_torch.save(model, path.with_suffix(".saved"))
