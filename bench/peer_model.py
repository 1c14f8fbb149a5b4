"""LUViT as a PyTorch user would write it: timm's blocks, transformers' LlamaDecoderLayer, peft's LoRA.

Tensor names are those of luvit's files, so that both can be given the same weights (compare.py check).
"""
import functools
import json

import timm.layers
import torch
import transformers.models.llama.modeling_llama as llama
from peft import LoraConfig, inject_adapter_in_model
from timm.models.vision_transformer import Block
from torch import nn

# The paper takes the rotary positions out of the block; left in as an identity they would only cost the peer time.
llama.apply_rotary_pos_emb = lambda q, k, *unused: (q, k)

PRESETS = {
    "luvit_b": dict(image_size=224, patch=16, dim=768, depth=12, heads=12, decoder=(512, 8, 16),
                    llama=dict(hidden_size=4096, intermediate_size=11008, num_attention_heads=32, num_key_value_heads=32)),
    "vit_b": dict(image_size=224, patch=16, dim=768, depth=12, heads=12, decoder=(512, 8, 16), llama=None),
    "demo": dict(image_size=32, patch=4, dim=128, depth=4, heads=4, decoder=(96, 2, 4),
                 llama=dict(hidden_size=576, intermediate_size=1536, num_attention_heads=9, num_key_value_heads=3)),
}


class Fusion(nn.Module):
    """L2 · LLM · L1, the block frozen but for LoRA on q and v."""

    def __init__(self, dim, sizes):
        super().__init__()
        config = llama.LlamaConfig(**sizes, rms_norm_eps=1e-6, num_hidden_layers=1, vocab_size=32,
                                   attn_implementation="sdpa")
        block = llama.LlamaDecoderLayer(config, 0).requires_grad_(False)
        block.self_attn.is_causal = False
        lora = LoraConfig(r=16, lora_alpha=16, target_modules=["q_proj", "v_proj"])
        self.proj_in = nn.Linear(dim, config.hidden_size, bias=False)
        self.block = inject_adapter_in_model(lora, block)
        self.proj_out = nn.Linear(config.hidden_size, dim, bias=False)

    def forward(self, z):
        y = self.block(self.proj_in(z), position_embeddings=(None, None))
        return self.proj_out(y[0] if isinstance(y, tuple) else y)


def blocks(dim, depth, heads, drop_path=0.0):
    norm = functools.partial(nn.LayerNorm, eps=1e-6)
    rates = [drop_path * i / max(1, depth - 1) for i in range(depth)]
    return nn.ModuleList(Block(dim, heads, mlp_ratio=4.0, qkv_bias=True, norm_layer=norm, drop_path=rate)
                         for rate in rates)


class MaskedAutoencoder(nn.Module):
    def __init__(self, image_size, patch, dim, depth, heads, decoder, llama):
        super().__init__()
        decoder_dim, decoder_depth, decoder_heads = decoder
        self.patch, self.count = patch, (image_size // patch) ** 2
        self.patch_embed = timm.layers.PatchEmbed(image_size, patch, 3, dim)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.randn(1, 1 + self.count, dim) * 0.02, requires_grad=False)
        self.blocks = blocks(dim, depth, heads)
        self.fusion = Fusion(dim, llama) if llama else nn.Identity()
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.decoder_embed = nn.Linear(dim, decoder_dim)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, decoder_dim))
        self.decoder_pos_embed = nn.Parameter(torch.randn(1, 1 + self.count, decoder_dim) * 0.02, requires_grad=False)
        self.decoder_blocks = blocks(decoder_dim, decoder_depth, decoder_heads)
        self.decoder_norm = nn.LayerNorm(decoder_dim, eps=1e-6)
        self.decoder_pred = nn.Linear(decoder_dim, patch * patch * 3)

    def patchify(self, images):
        b, _, side, _ = images.shape
        n = side // self.patch
        x = images.reshape(b, 3, n, self.patch, n, self.patch)
        return x.permute(0, 2, 4, 3, 5, 1).reshape(b, n * n, self.patch**2 * 3)

    def forward(self, images, noise):
        x = self.patch_embed(images) + self.pos_embed[:, 1:]
        b, count, dim = x.shape
        kept = int(count * 0.25)
        shuffle = noise.argsort(dim=1, stable=True)
        restore = shuffle.argsort(dim=1)
        x = torch.gather(x, 1, shuffle[:, :kept, None].expand(-1, -1, dim))
        mask = torch.ones(b, count, device=x.device)
        mask[:, :kept] = 0
        mask = torch.gather(mask, 1, restore)

        cls = self.cls_token + self.pos_embed[:, :1]
        x = torch.cat([cls.expand(b, -1, -1), x], dim=1)
        for block in self.blocks:
            x = block(x)
        x = self.decoder_embed(self.norm(self.fusion(x)))

        masked = self.mask_token.expand(b, count - kept, -1)
        y = torch.cat([x[:, 1:], masked.to(x.dtype)], dim=1)
        y = torch.gather(y, 1, restore[..., None].expand(-1, -1, y.shape[2]))
        y = torch.cat([x[:, :1], y], dim=1) + self.decoder_pos_embed
        for block in self.decoder_blocks:
            y = block(y)
        pred = self.decoder_pred(self.decoder_norm(y))[:, 1:]

        target = self.patchify(images)
        target = (target - target.mean(-1, keepdim=True)) / (target.var(-1, keepdim=True) + 1e-6).sqrt()
        loss = ((pred - target) ** 2).mean(-1)
        return (loss * mask).sum() / mask.sum()


class Classifier(nn.Module):
    """MAE's fine-tuned ViT with the fusion before its pooling: mean over the patches, norm, head."""

    def __init__(self, image_size, patch, dim, depth, heads, decoder, llama, classes=1000, drop_path=0.1):
        super().__init__()
        self.patch_embed = timm.layers.PatchEmbed(image_size, patch, 3, dim)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.randn(1, 1 + (image_size // patch) ** 2, dim) * 0.02)
        self.blocks = blocks(dim, depth, heads, drop_path)
        self.fusion = Fusion(dim, llama) if llama else nn.Identity()
        self.fc_norm = nn.LayerNorm(dim, eps=1e-6)
        self.head = nn.Linear(dim, classes)

    def forward(self, images):
        x = self.patch_embed(images)
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], dim=1) + self.pos_embed
        for block in self.blocks:
            x = block(x)
        return self.head(self.fc_norm(self.fusion(x)[:, 1:].mean(dim=1)))


def build(preset, task="pretrain"):
    torch.manual_seed(0)
    return (MaskedAutoencoder if task == "pretrain" else Classifier)(**PRESETS[preset])


def layer_groups(model, lr, layer_decay=0.75, weight_decay=0.05):
    """AdamW's groups of MAE's fine-tuning (util/lr_decay.py): a rate for every layer, decay for matrices."""
    groups, depth = {}, len(model.blocks)
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        embeds = name in ("cls_token", "pos_embed") or name.startswith("patch_embed.")
        layer = 0 if embeds else int(name.split(".")[1]) + 1 if name.startswith("blocks.") else depth + 1
        decays = parameter.ndim > 1 and name not in ("cls_token", "pos_embed")
        group = groups.setdefault((layer, decays), {"params": [], "lr": lr * layer_decay ** (depth + 1 - layer),
                                                    "weight_decay": weight_decay if decays else 0.0})
        group["params"].append(parameter)
    return list(groups.values())


def as_luvit(model, preset):
    """The model as the tensors and metadata of a luvit file (peft puts its own levels into the names)."""
    tensors = {}
    for name, tensor in model.state_dict().items():
        tensors[name.replace(".base_layer.", ".").replace(".default.", ".")] = tensor.contiguous()
    sizes = PRESETS[preset]
    decoder_dim, decoder_depth, decoder_heads = sizes["decoder"]
    fusion = {"kind": "none"}
    if sizes["llama"]:
        block = sizes["llama"]
        fusion = {"kind": "llama", "dim": block["hidden_size"], "heads": block["num_attention_heads"],
                  "kv_heads": block["num_key_value_heads"], "hidden": block["intermediate_size"], "norm_eps": 1e-6,
                  "layer": 0, "lora": {"rank": 16, "alpha": 16}}
    description = {"image_size": sizes["image_size"], "patch_size": sizes["patch"], "dim": sizes["dim"],
                   "depth": sizes["depth"], "heads": sizes["heads"], "fusion": fusion,
                   "decoder": {"dim": decoder_dim, "depth": decoder_depth, "heads": decoder_heads}}
    if "head.weight" in tensors:
        description["classes"] = len(tensors["head.weight"])
    return tensors, {"luvit.format": "1", "luvit.model": json.dumps(description)}
