"""A model trained by luvit as a torch.nn.Module: the names of the file, the outputs of luvit_infer.

    from luvit_torch import load

    model = load("runs/pretrain/model.safetensors")
    loss, pred, mask = model(images, noise)  # a pretraining model
    logits = model(images)                   # a classifier
    z = model.encoder(images)                # [B, 1+L, D] after the last ViT block, before the fusion
    z = model.features(images)               # [B, 1+L, D] after the fusion, before any norm and pooling

images: [B, 3, S, S], normalised by model.preprocess["mean"] and ["std"]; noise: [B, L] in [0, 1), the smallest are
kept (drawn where it is left out). Training can go on from here: what luvit freezes has requires_grad = False, and
save(model, path) writes a file that luvit reads. Needs torch and safetensors, nothing else.

Shapes below: B batch, T tokens, L patches, D width, H heads, P patch side.
"""
import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

MODEL_DEFAULTS = dict(image_size=224, patch_size=16, dim=768, depth=12, heads=12, mlp_ratio=4.0, pool="mean",
                      pos_embed="sincos", drop_path=0.0, classes=1000)
FUSION_DEFAULTS = {
    "none": {},
    "mlp": dict(hidden=4096, activation="gelu", bias=True),
    "llama": dict(dim=4096, heads=32, kv_heads=32, hidden=11008, norm_eps=1e-6, residual="none", final_norm="none",
                  bias=False),
}
LORA_DEFAULTS = dict(rank=16, alpha=16.0, dropout=0.0, targets=["q", "v"])
DECODER_DEFAULTS = dict(dim=512, depth=8, heads=16)
MAE_DEFAULTS = dict(mask_ratio=0.75, norm_pix=True)


# ---- ViT (names and arithmetic of MAE and timm) ---------------------------------------------------------------------
def layer_norm(dim):
    return nn.LayerNorm(dim, eps=1e-6)


class PatchEmbed(nn.Module):
    def __init__(self, patch_size, dim):
        super().__init__()
        self.proj = nn.Conv2d(3, dim, patch_size, patch_size)

    def forward(self, images):
        return self.proj(images).flatten(2).transpose(1, 2)


class SelfAttention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        q, k, v = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)  # [B, H, T, D/H]
        return self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class Mlp(nn.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    """Pre-norm; in training each branch of each sample is dropped with probability drop_path."""

    def __init__(self, dim, heads, mlp_ratio, drop_path=0.0):
        super().__init__()
        self.drop_path = drop_path
        self.norm1 = layer_norm(dim)
        self.attn = SelfAttention(dim, heads)
        self.norm2 = layer_norm(dim)
        self.mlp = Mlp(dim, int(dim * mlp_ratio))

    def drop(self, branch):
        if not self.training or self.drop_path == 0:
            return branch
        kept = torch.rand(len(branch), 1, 1, device=branch.device) >= self.drop_path
        return branch * kept / (1 - self.drop_path)

    def forward(self, x):
        x = x + self.drop(self.attn(self.norm1(x)))
        return x + self.drop(self.mlp(self.norm2(x)))


# ---- the language model's block (names of Hugging Face's LLaMA; bidirectional, no rotary positions) ------------------
class LoraLinear(nn.Linear):
    """A frozen linear layer with a trained low-rank path beside it: W x + (alpha / rank) B A drop(x)."""

    def __init__(self, inputs, outputs, bias, lora=None):
        super().__init__(inputs, outputs, bias)
        self.requires_grad_(False)
        self.lora = lora
        if lora:
            self.lora_A = nn.Linear(inputs, lora["rank"], bias=False)
            self.lora_B = nn.Linear(lora["rank"], outputs, bias=False)

    def forward(self, x):
        y = super().forward(x)
        if not self.lora:
            return y
        low = self.lora_A(F.dropout(x, self.lora["dropout"], self.training))
        return y + self.lora_B(low) * (self.lora["alpha"] / self.lora["rank"])


class RmsNorm(nn.Module):
    def __init__(self, dim, eps, has_weight=True):
        super().__init__()
        self.eps = eps
        if has_weight:
            self.weight = nn.Parameter(torch.ones(dim), requires_grad=False)

    def forward(self, x):
        wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        y = (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.eps)).to(x.dtype)
        return self.weight * y if hasattr(self, "weight") else y


class LlamaAttention(nn.Module):
    """Grouped queries; biases as in Qwen2 and norms per head as in Qwen3, where the file has them."""

    def __init__(self, o, lora, head_dim, qkv_bias, o_bias, qk_norm):
        super().__init__()
        self.head_dim = head_dim
        self.q_proj = LoraLinear(o["dim"], o["heads"] * head_dim, qkv_bias, lora("q"))
        self.k_proj = LoraLinear(o["dim"], o["kv_heads"] * head_dim, qkv_bias, lora("k"))
        self.v_proj = LoraLinear(o["dim"], o["kv_heads"] * head_dim, qkv_bias, lora("v"))
        self.o_proj = LoraLinear(o["heads"] * head_dim, o["dim"], o_bias, lora("o"))
        self.q_norm = RmsNorm(head_dim, o["norm_eps"]) if qk_norm else nn.Identity()
        self.k_norm = RmsNorm(head_dim, o["norm_eps"]) if qk_norm else nn.Identity()

    def forward(self, x):
        def heads(y):
            return y.unflatten(-1, (-1, self.head_dim))  # [B, T, H, head_dim]

        q, k, v = self.q_norm(heads(self.q_proj(x))), self.k_norm(heads(self.k_proj(x))), heads(self.v_proj(x))
        group = q.shape[2] // k.shape[2]  # query heads that share a key and a value
        k, v = (y.repeat_interleave(group, dim=2) for y in (k, v))
        y = F.scaled_dot_product_attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2))
        return self.o_proj(y.transpose(1, 2).flatten(2))


class SwiGlu(nn.Module):
    def __init__(self, o, lora):
        super().__init__()
        self.gate_proj = LoraLinear(o["dim"], o["hidden"], False, lora("gate"))
        self.up_proj = LoraLinear(o["dim"], o["hidden"], False, lora("up"))
        self.down_proj = LoraLinear(o["hidden"], o["dim"], False, lora("down"))

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class LlamaBlock(nn.Module):
    def __init__(self, o, lora, **attention):
        super().__init__()
        self.input_layernorm = RmsNorm(o["dim"], o["norm_eps"])
        self.self_attn = LlamaAttention(o, lora, **attention)
        self.post_attention_layernorm = RmsNorm(o["dim"], o["norm_eps"])
        self.mlp = SwiGlu(o, lora)

    def forward(self, x):
        x = x + self.self_attn(self.input_layernorm(x))
        return x + self.mlp(self.post_attention_layernorm(x))


# ---- fusions: what stands between the last ViT block and the encoder's final norm ------------------------------------
class LlamaFusion(nn.Module):
    """L2(LLM(L1 z)), with the outer residual where asked for."""

    def __init__(self, dim, o, shapes):
        super().__init__()
        rank, targets = o["lora"]["rank"], o["lora"]["targets"]
        attention = dict(  # what the block's tensors say and the options do not
            head_dim=shapes["fusion.block.self_attn.q_proj.weight"][0] // o["heads"],
            qkv_bias="fusion.block.self_attn.q_proj.bias" in shapes,
            o_bias="fusion.block.self_attn.o_proj.bias" in shapes,
            qk_norm="fusion.block.self_attn.q_norm.weight" in shapes,
        )
        self.residual = o["residual"] == "outer"
        self.proj_in = nn.Linear(dim, o["dim"], o["bias"])
        self.block = LlamaBlock(o, lambda target: o["lora"] if rank and target in targets else None, **attention)
        self.final_norm = nn.Identity()
        if o["final_norm"] != "none":
            self.final_norm = RmsNorm(o["dim"], o["norm_eps"], has_weight=o["final_norm"] == "pretrained")
        self.proj_out = nn.Linear(o["dim"], dim, o["bias"])

    def forward(self, z):
        fused = self.proj_out(self.final_norm(self.block(self.proj_in(z))))
        return z + fused if self.residual else fused


class MlpFusion(nn.Module):
    def __init__(self, dim, o):
        super().__init__()
        self.activation = F.gelu if o["activation"] == "gelu" else nn.Identity()
        self.fc1 = nn.Linear(dim, o["hidden"], o["bias"])
        self.fc2 = nn.Linear(o["hidden"], dim, o["bias"])

    def forward(self, z):
        return self.fc2(self.activation(self.fc1(z)))


def make_fusion(dim, o, shapes):
    if o["kind"] == "llama":
        return LlamaFusion(dim, o, shapes)
    return MlpFusion(dim, o) if o["kind"] == "mlp" else nn.Identity()


# ---- models ----------------------------------------------------------------------------------------------------------
class Encoder(nn.Module):
    """ViT blocks and the fusion. An encoder's file may hold the norm after them: features() leaves it to you."""

    def __init__(self, o, shapes):
        super().__init__()
        dim, patches = o["dim"], (o["image_size"] // o["patch_size"]) ** 2
        self.options = o
        self.patch_embed = PatchEmbed(o["patch_size"], dim)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + patches, dim))
        rates = torch.linspace(0, o["drop_path"], o["depth"]).tolist()
        self.blocks = nn.ModuleList([Block(dim, o["heads"], o["mlp_ratio"], rate) for rate in rates])
        self.fusion = make_fusion(dim, o["fusion"], shapes)
        if "norm.weight" in shapes:
            self.norm = layer_norm(dim)

    def blocks_of(self, patches):
        """[B, K, D] embedded patches with their positions -> [B, 1+K, D] after the last ViT block."""
        cls = (self.cls_token + self.pos_embed[:, :1]).expand(len(patches), -1, -1)
        x = torch.cat([cls, patches], dim=1)
        for block in self.blocks:
            x = block(x)
        return x

    def encoder(self, images):
        return self.blocks_of(self.patch_embed(images) + self.pos_embed[:, 1:])

    def features(self, images):
        return self.fusion(self.encoder(images))

    def forward(self, images):
        return self.features(images)


class Classifier(Encoder):
    """pool mean: patch tokens -> mean -> fc_norm -> head. pool cls: norm -> class token -> head."""

    def __init__(self, o, shapes):
        super().__init__(o, shapes)
        if "fc_norm.weight" in shapes:
            self.fc_norm = layer_norm(o["dim"])
        self.head = nn.Linear(o["dim"], o["classes"])

    def forward(self, images):
        z = self.features(images)
        return self.head(self.fc_norm(z[:, 1:].mean(1)) if hasattr(self, "fc_norm") else self.norm(z)[:, 0])


class MaskedAutoencoder(Encoder):
    def __init__(self, o, shapes):
        super().__init__(o, shapes)
        d, patches, values = o["decoder"], self.pos_embed.shape[1] - 1, 3 * o["patch_size"] ** 2
        self.pos_embed.requires_grad_(o["pos_embed"] == "learned")
        self.decoder_embed = nn.Linear(o["dim"], d["dim"])
        self.mask_token = nn.Parameter(torch.zeros(1, 1, d["dim"]))
        self.decoder_pos_embed = nn.Parameter(torch.zeros(1, 1 + patches, d["dim"]), requires_grad=False)
        self.decoder_blocks = nn.ModuleList([Block(d["dim"], d["heads"], o["mlp_ratio"]) for _ in range(d["depth"])])
        self.decoder_norm = layer_norm(d["dim"])
        self.decoder_pred = nn.Linear(d["dim"], values)

    def forward(self, images, noise=None):
        """(loss [], pred [B, L, P*P*3], mask [B, L] with 1 where a patch was hidden)."""
        patches = self.patch_embed(images) + self.pos_embed[:, 1:]
        noise = torch.rand(patches.shape[:2], device=images.device) if noise is None else noise
        order = noise.argsort(dim=1, stable=True)
        restore = order.argsort(dim=1)
        kept = max(1, int(patches.shape[1] * (1 - self.options["mae"]["mask_ratio"])))
        mask = (restore >= kept).float()

        visible = patches.gather(1, order[:, :kept, None].expand(-1, -1, patches.shape[2]))
        z = self.norm(self.fusion(self.blocks_of(visible)))
        pred = self.decode(self.decoder_embed(z), restore)
        error = (pred - self.target(images)).square().mean(-1)
        return (error * mask).sum() / mask.sum(), pred, mask

    def decode(self, z, restore):
        """Visible tokens [B, 1+K, D] back among mask tokens, in the image's order -> [B, L, P*P*3]."""
        hidden = self.mask_token.to(z.dtype).expand(len(z), restore.shape[1] + 1 - z.shape[1], -1)
        x = torch.cat([z[:, 1:], hidden], dim=1).gather(1, restore[:, :, None].expand(-1, -1, z.shape[2]))
        x = torch.cat([z[:, :1], x], dim=1) + self.decoder_pos_embed
        for block in self.decoder_blocks:
            x = block(x)
        return self.decoder_pred(self.decoder_norm(x))[:, 1:]

    def target(self, images):
        target = self.patchify(images)
        if self.options["mae"]["norm_pix"]:
            var, mean = torch.var_mean(target, dim=-1, keepdim=True)
            target = (target - mean) / (var + 1e-6).sqrt()
        return target

    def patchify(self, images):
        """[B, 3, S, S] -> [B, L, P*P*3]: row in the patch, column in the patch, channel."""
        p = self.options["patch_size"]
        return images.unflatten(2, (-1, p)).unflatten(4, (-1, p)).permute(0, 2, 4, 3, 5, 1).flatten(1, 2).flatten(2)

    def unpatchify(self, patches):
        p, grid = self.options["patch_size"], math.isqrt(patches.shape[1])
        return patches.unflatten(2, (p, p, 3)).unflatten(1, (grid, grid)).permute(0, 5, 1, 3, 2, 4).flatten(4).flatten(2, 3)


# ---- files -----------------------------------------------------------------------------------------------------------
def read_options(metadata):
    """luvit.model and luvit.mae, with the defaults of what they leave out."""
    if "luvit.model" not in metadata:
        raise ValueError("no luvit.model in the file's metadata: bring foreign weights in by `luvit_convert import`")
    if (version := metadata.get("luvit.format", "1")) != "1":
        raise ValueError(f"luvit.format is {version!r}, this reader knows '1'")
    written = json.loads(metadata["luvit.model"])
    options = {**MODEL_DEFAULTS, **written}
    fusion = written.get("fusion", {})
    options["fusion"] = {"kind": "llama", **FUSION_DEFAULTS[fusion.get("kind", "llama")], **fusion}
    options["fusion"]["lora"] = {**LORA_DEFAULTS, **fusion.get("lora", {})}
    options["decoder"] = {**DECODER_DEFAULTS, **written.get("decoder", {})}
    options["mae"] = {**MAE_DEFAULTS, **json.loads(metadata.get("luvit.mae", "{}"))}
    return options


def read_preprocess(metadata, options):
    size = options["image_size"]
    imagenet = dict(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])
    return {**dict(resize=size, crop=size, interpolation="bicubic"), **imagenet,
            **json.loads(metadata.get("luvit.preprocess", "{}"))}


def load(path, dtype=torch.float32):
    """The model in a complete file or the folder that holds it (a run's model.safetensors, or `luvit_convert export --format luvit`), in eval mode.

    Its attributes: options (dict), preprocess (dict), classes (names in logit order, or []).
    """
    if Path(path).is_dir():  # a run's folder or a checkpoint's
        path = Path(path) / "model.safetensors"
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata() or {}
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    options = read_options(metadata)
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    kind = MaskedAutoencoder if "decoder_pred.weight" in shapes else Classifier if "head.weight" in shapes else Encoder
    if options["fusion"]["kind"] == "llama" and "fusion.block.self_attn.q_proj.weight" not in shapes:
        raise ValueError(f"{path} leaves out the frozen block: `luvit_convert export --format luvit` writes one whole file")
    model = kind(options, shapes).to(dtype)
    model.load_state_dict({name: tensor.to(dtype) for name, tensor in tensors.items()})
    model.metadata, model.storage = metadata, {name: tensor.dtype for name, tensor in tensors.items()}
    model.preprocess = read_preprocess(metadata, options)
    model.classes = json.loads(metadata.get("luvit.classes", "[]"))
    return model.eval()


def save(model, path):
    """Writes a model that load() gave, trained further or not, each tensor in the type it was stored in."""
    tensors = {name: tensor.detach().to("cpu", model.storage[name]).contiguous()
               for name, tensor in model.state_dict().items()}
    save_file(tensors, path, model.metadata)
