#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "opened_block.h"

namespace luvit {
namespace {

[[noreturn]] void fail(const OpenedBlock& block, const std::string& what, const std::string& hint = {}) {
  throw DataError(str(escape(block.path), ", layer ", block.info.layer, ": ", what), hint);
}

const BlockPart* find(const OpenedBlock& block, const std::string& name) {
  for (const BlockPart& part : block.parts)
    if (part.name == name) return &part;
  return nullptr;
}

const BlockPart& matrix(const OpenedBlock& block, const std::string& name) {
  const BlockPart* part = find(block, name);
  if (!part) fail(block, str("the tensor '", name, "' is missing"));
  if (part->shape.size() != 2 || part->shape[0] == 0 || part->shape[1] == 0)
    fail(block, str("the tensor '", name, "' is not a matrix"));
  return *part;
}

// The value of a size: found in the shapes; if said as well, both must agree.
void settle(const OpenedBlock& block, const char* name, std::int64_t& said, std::int64_t found) {
  if (said != 0 && said != found) fail(block, str(name, " is said to be ", said, ", but its tensors have ", found));
  said = found;
}

std::int64_t share(const OpenedBlock& block, const char* of, std::int64_t rows, std::int64_t parts) {
  if (parts <= 0 || rows % parts != 0) fail(block, str("the ", rows, " rows of ", of, " do not divide by ", parts));
  return rows / parts;
}

struct Expected {
  std::string name;
  std::vector<std::int64_t> shape;
};

std::vector<Expected> expected_tensors(const BlockInfo& info) {
  std::int64_t q = info.heads * info.head_dim, kv = info.kv_heads * info.head_dim;
  std::vector<Expected> out = {{"input_layernorm.weight", {info.dim}}};
  auto linear = [&](const std::string& name, std::int64_t rows, std::int64_t columns, bool bias) {
    out.push_back({name + ".weight", {rows, columns}});
    if (bias) out.push_back({name + ".bias", {rows}});
  };
  linear("self_attn.q_proj", q, info.dim, info.qkv_bias);
  linear("self_attn.k_proj", kv, info.dim, info.qkv_bias);
  linear("self_attn.v_proj", kv, info.dim, info.qkv_bias);
  linear("self_attn.o_proj", info.dim, q, info.o_bias);
  if (info.qk_norm)
    out.insert(out.end(), {{"self_attn.q_norm.weight", {info.head_dim}}, {"self_attn.k_norm.weight", {info.head_dim}}});
  out.push_back({"post_attention_layernorm.weight", {info.dim}});
  linear("mlp.gate_proj", info.hidden, info.dim, false);
  linear("mlp.up_proj", info.hidden, info.dim, false);
  linear("mlp.down_proj", info.dim, info.hidden, false);
  return out;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::vector<std::string> sizes;
  for (std::int64_t n : shape) sizes.push_back(std::to_string(n));
  return "[" + join(sizes, ", ") + "]";
}

// Exactly the expected parts, in their order: a key that nobody consumes would be a different block.
void require_parts(OpenedBlock& block, const std::vector<Expected>& expected) {
  std::vector<BlockPart> ordered;
  for (const Expected& want : expected) {
    const BlockPart* part = find(block, want.name);
    if (!part) fail(block, str("the tensor '", want.name, "' is missing"));
    if (part->shape != want.shape)
      fail(block, str("the tensor '", want.name, "' has the shape ", shape_text(part->shape), ", expected ",
                      shape_text(want.shape)));
    if (!c10::isFloatingType(part->type) || c10::elementSize(part->type) < 2)
      fail(block,
           str("the tensor '", want.name, "' has the type ", c10::toString(part->type),
               "; quantised weights are not read"),
           "take the model's float16, bfloat16 or float32 files");
    ordered.push_back(*part);
  }
  for (const BlockPart& part : block.parts)
    if (std::none_of(expected.begin(), expected.end(), [&](const Expected& e) { return e.name == part.name; }))
      fail(block, str("the tensor '", escape(part.name), "' has no place in a LLaMA block"),
           "blocks of LLaMA, Mistral, Qwen2, Qwen3 and Phi-3 are read");
  block.parts = std::move(ordered);
}

}  // namespace

std::int64_t choose_layer(std::int64_t layer, std::int64_t count, const std::string& path) {
  if (layer == -1 && count > 0) return count - 1;
  if (layer >= 0 && layer < count) return layer;
  throw DataError(str(escape(path), " has no layer ", layer, ": it has ", count, " layers, 0 to ", count - 1),
                  "-1 is the last one");
}

void settle_sizes(OpenedBlock& block) {
  BlockInfo& info = block.info;
  const BlockPart& q = matrix(block, "self_attn.q_proj.weight");
  const BlockPart& k = matrix(block, "self_attn.k_proj.weight");
  const BlockPart& gate = matrix(block, "mlp.gate_proj.weight");
  if (info.heads <= 0) fail(block, "the number of heads is not said, and it cannot be read from the tensors");
  settle(block, "dim", info.dim, q.shape[1]);
  settle(block, "head_dim", info.head_dim, share(block, "q", q.shape[0], info.heads));
  settle(block, "kv_heads", info.kv_heads, share(block, "k", k.shape[0], info.head_dim));
  settle(block, "hidden", info.hidden, gate.shape[0]);
  if (info.heads % info.kv_heads != 0)
    fail(block, str(info.kv_heads, " key and value heads do not divide ", info.heads, " heads"));
  if (!(info.norm_eps > 0 && info.norm_eps < 1))
    fail(block, str("norm_eps is ", exact(info.norm_eps), ", expected a small number above 0"));
  info.qkv_bias = find(block, "self_attn.q_proj.bias") != nullptr;
  info.o_bias = find(block, "self_attn.o_proj.bias") != nullptr;
  info.qk_norm = find(block, "self_attn.q_norm.weight") != nullptr;
  require_parts(block, expected_tensors(info));
}

at::Tensor half_split_rows(const at::Tensor& rows, std::int64_t head_dim) {
  TORCH_INTERNAL_ASSERT(head_dim > 0 && rows.size(0) % head_dim == 0);
  if (head_dim % 2 != 0) throw DataError(str("heads of ", head_dim, " values have no rotary pairs to put in order"));
  at::Tensor matrix = rows.reshape({rows.size(0) / head_dim, head_dim / 2, 2, -1});
  return matrix.transpose(1, 2).reshape(rows.sizes()).contiguous();
}

}  // namespace luvit
