"""Holds what luvit_convert writes to the libraries it is written for: timm loads it strictly, peft puts the adapter
on the model whose block it is, and all compute what the model itself computes (scripts/luvit_torch.py).

    .peers/bin/python scripts/check_exports.py build/release/bin/luvit_convert
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from timm.models.vision_transformer import VisionTransformer
from transformers import LlamaConfig, LlamaForCausalLM

import luvit_torch

CONVERT = sys.argv[1]
LAYER = 1
VIT = dict(image_size=16, patch_size=8, dim=16, depth=2, heads=2, mlp_ratio=4)
LLAMA = dict(kind="llama", dim=24, heads=4, kv_heads=2, hidden=40, norm_eps=1e-5, layer=LAYER,
             lora=dict(rank=3, alpha=6, targets=["q", "v", "down"]))


def convert(*words):
    return subprocess.run([CONVERT, *map(str, words)], check=True, capture_output=True, text=True).stdout


def write(path, kind, options, dtype=torch.float32):
    """A random model in a file; its block in dtype."""
    names = {"classifier": ["head.weight", "fc_norm.weight"], "encoder": ["norm.weight"],
             "mae": ["norm.weight", "decoder_pred.weight"]}[kind]
    shapes = {name: torch.Size([1]) for name in names}
    if options.get("fusion", {}).get("kind") == "llama":
        shapes["fusion.block.self_attn.q_proj.weight"] = torch.Size([24, 24])
    metadata = {"luvit.model": json.dumps(options)}
    build = {"classifier": luvit_torch.Classifier, "encoder": luvit_torch.Encoder, "mae": luvit_torch.MaskedAutoencoder}
    model = build[kind](luvit_torch.read_options(metadata), shapes)
    state = {name: torch.randn(t.shape) * 0.3 + ("norm" in name and name.endswith("weight"))
             for name, t in model.state_dict().items()}
    for name in state:
        if name.startswith("fusion.block.") and "lora" not in name:
            state[name] = state[name].to(dtype)
    save_file(state, path, metadata)


def same(what, ours, theirs, limit=1e-5):
    far = ((ours - theirs).abs().max() / theirs.abs().max()).item()
    print(f"{what}: {far:.1e}")
    assert far <= limit, what


def timm(folder, images):
    plain = dict(VIT, fusion=dict(kind="none"))
    for kind, options in [("classifier", dict(plain, classes=5)), ("encoder", plain),
                          ("mae", dict(plain, decoder=dict(dim=8, depth=1, heads=2)))]:
        write(folder / "w", kind, options)
        text = convert("export", folder / "w", "--format", "timm", "--out", folder / "timm.safetensors")
        scope = {"VisionTransformer": VisionTransformer, "load_file": load_file}
        exec("\n".join(l for l in text.splitlines() if l.startswith("model")), scope)  # the printed call
        ours, theirs = luvit_torch.load(folder / "w"), scope["model"].eval()
        if kind == "classifier":
            same("timm, classifier", theirs(images), ours(images))
        else:
            same(f"timm, {kind}", theirs.forward_features(images), ours.norm(ours.features(images)))
        # and back
        convert("import", folder / "timm.safetensors", "--heads", 2, "--out", folder / "back")
        same(f"timm, {kind}, back", luvit_torch.load(folder / "back").features(images), ours.features(images))


def merged(folder, images):
    write(folder / "w", "classifier", dict(VIT, classes=5, fusion=LLAMA))
    convert("export", folder / "w", "--format", "merged", "--out", folder / "merged")
    assert not any("lora" in name for name in load_file(folder / "merged"))
    same("merged", luvit_torch.load(folder / "merged")(images), luvit_torch.load(folder / "w")(images))


def peft(folder, dtype):
    write(folder / "w", "encoder", dict(VIT, fusion=LLAMA), dtype)
    convert("export", folder / "w", "--format", "peft", "--out", folder / "adapter")
    base = LlamaForCausalLM(LlamaConfig(vocab_size=8, hidden_size=24, num_hidden_layers=3, num_attention_heads=4,
                                        num_key_value_heads=2, intermediate_size=40, rms_norm_eps=1e-5)).eval()
    block = base.model.layers[LAYER]
    tensors = load_file(folder / "w")
    prefix = "fusion.block."
    block.load_state_dict({k[len(prefix):]: v.float() for k, v in tensors.items()
                           if k.startswith(prefix) and "lora" not in k})
    block.self_attn.is_causal = False
    model = PeftModel.from_pretrained(base, folder / "adapter").eval()
    trained = [name for name in model.state_dict() if "lora" in name]
    assert len(trained) == 6 and all(f"layers.{LAYER}." in name for name in trained), trained
    x = torch.randn(2, 5, 24)
    cos = torch.ones(1, 5, 6)  # no rotation
    theirs = model.base_model.model.model.layers[LAYER](x, position_embeddings=(cos, 0 * cos), attention_mask=None)
    theirs = theirs[0] if isinstance(theirs, tuple) else theirs
    same(f"peft, {dtype}", theirs, luvit_torch.load(folder / "w").fusion.block(x))
    # and back
    convert("import", folder / "adapter", "--out", folder / "adapter.safetensors")
    for name, tensor in load_file(folder / "adapter.safetensors").items():
        assert torch.equal(tensor, tensors[prefix + name]), name


if __name__ == "__main__":
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as name, torch.no_grad():
        folder, images = Path(name), torch.randn(2, 3, 16, 16)
        timm(folder, images)
        merged(folder, images)
        for dtype in (torch.float32, torch.bfloat16):
            peft(folder, dtype)
    print("all exports load and compute the same")
