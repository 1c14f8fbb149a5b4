// Meta's folder: params.json and consolidated.NN.pth, each shard a slice of every matrix (the split is that of
// transformers' convert_llama_weights_to_hf.py, read backwards).
#include <array>
#include <regex>

#include "luvit/core/error.h"
#include "luvit/core/files.h"
#include "luvit/core/text.h"
#include "opened_block.h"
#include "tensor_folder.h"

namespace luvit {
namespace {

enum class Split { rows, columns, copied };
struct MetaName {
  std::string_view theirs, ours;
  Split split;
  bool rotary = false;
};
constexpr std::array<MetaName, 9> names = {{{"attention.wq.weight", "self_attn.q_proj.weight", Split::rows, true},
                                            {"attention.wk.weight", "self_attn.k_proj.weight", Split::rows, true},
                                            {"attention.wv.weight", "self_attn.v_proj.weight", Split::rows},
                                            {"attention.wo.weight", "self_attn.o_proj.weight", Split::columns},
                                            {"feed_forward.w1.weight", "mlp.gate_proj.weight", Split::rows},
                                            {"feed_forward.w2.weight", "mlp.down_proj.weight", Split::columns},
                                            {"feed_forward.w3.weight", "mlp.up_proj.weight", Split::rows},
                                            {"attention_norm.weight", "input_layernorm.weight", Split::copied},
                                            {"ffn_norm.weight", "post_attention_layernorm.weight", Split::copied}}};
constexpr std::string_view ignored = "attention.inner_attention.rope.freqs";  // LLaMA-1's: positions, not weights

using Shards = std::vector<std::shared_ptr<TensorSource>>;

// consolidated.00.pth, consolidated.01.pth, … (Mistral: consolidated.safetensors), without a gap.
Shards open_shards(const fs::path& folder) {
  static const std::regex pattern(R"(consolidated(\.(\d{2,3}))?\.(pth|safetensors))");
  std::map<int, fs::path> files;
  for (const fs::path& path : list_folder(folder)) {
    std::smatch match;
    std::string name = path.filename().string();
    if (!std::regex_match(name, match, pattern)) continue;
    int number = match[2].matched ? std::stoi(match[2]) : 0;
    if (!files.emplace(number, path).second)
      throw DataError(str(escape(folder.string()), ": two files for shard ", number));
  }
  Shards shards;
  for (const auto& [number, path] : files) {
    if (number != static_cast<int>(shards.size()))
      throw DataError(str(escape(folder.string()), ": shard ", shards.size(), " is missing (consolidated.NN.pth)"));
    shards.push_back(open_tensor_file(path));
  }
  if (shards.empty()) throw DataError(str(escape(folder.string()), ": no consolidated.*.pth in it"));
  return shards;
}

const TensorInfo* find(const TensorSource& shard, const std::string& name) {
  for (const TensorInfo& tensor : shard.tensors())
    if (tensor.name == name) return &tensor;
  return nullptr;
}

// The slices put together into one tensor, one slice at a time.
at::Tensor read_whole(const Shards& shards, const std::string& name, const BlockPart& part, Split split) {
  if (split == Split::copied || shards.size() == 1) return shards[0]->read(name);
  at::Tensor whole = at::empty(part.shape, at::TensorOptions(part.type));
  std::int64_t axis = split == Split::rows ? 0 : 1, at = 0;
  for (const auto& shard : shards) {
    at::Tensor slice = shard->read(name);
    whole.narrow(axis, at, slice.size(axis)).copy_(slice);
    at += slice.size(axis);
  }
  return whole;
}

BlockPart join_shards(const Shards& shards, const std::string& name, const MetaName& known, std::int64_t head_dim) {
  BlockPart part{std::string(known.ours), at::kFloat, {}, {}};
  std::size_t axis = known.split == Split::columns ? 1 : 0;
  for (const auto& shard : shards) {
    const TensorInfo* slice = find(*shard, name);
    if (!slice) throw DataError(str(escape(shard->path()), ": the tensor '", name, "' is missing"));
    bool first = part.shape.empty();
    if (first) part.type = slice->type, part.shape = slice->shape;
    if (slice->type != part.type || slice->shape.size() != part.shape.size() || slice->shape.size() <= axis)
      throw DataError(str(escape(shard->path()), ": the tensor '", name, "' does not go with that of the first shard"));
    if (!first && known.split != Split::copied) part.shape[axis] += slice->shape[axis];
  }
  part.read = [shards, name, known, head_dim, whole = part] {
    at::Tensor tensor = read_whole(shards, name, whole, known.split);
    return known.rotary ? half_split_rows(tensor, head_dim) : tensor;
  };
  return part;
}

std::int64_t count_layers(const TensorSource& shard) {
  std::int64_t count = 0;
  while (std::any_of(shard.tensors().begin(), shard.tensors().end(),
                     [&](const TensorInfo& tensor) { return tensor.name.starts_with(str("layers.", count, ".")); }))
    ++count;
  return count;
}

}  // namespace

OpenedBlock open_meta_block(const fs::path& folder, std::int64_t layer) {
  JsonObject params(folder / "params.json");
  Shards shards = open_shards(folder);
  OpenedBlock block;
  block.path = folder.string();
  BlockInfo& info = block.info;
  info.dim = params.integer("dim").value_or(0);
  info.heads = params.integer("n_heads").value_or(0);
  info.kv_heads = params.integer("n_kv_heads").value_or(0);
  info.head_dim = params.integer("head_dim").value_or(0);
  info.norm_eps = params.number("norm_eps").value_or(0);
  info.source = folder.string();
  info.layer = choose_layer(layer, params.integer("n_layers").value_or(count_layers(*shards[0])), block.path);
  if (info.heads <= 0) throw DataError(str(escape(params.place()), ": n_heads is missing"));
  if (info.norm_eps == 0) throw DataError(str(escape(params.place()), ": norm_eps is missing"));

  std::string prefix = str("layers.", info.layer, ".");
  std::int64_t q_rows = 0;
  for (const TensorInfo& tensor : shards[0]->tensors())
    if (tensor.name == prefix + "attention.wq.weight" && !tensor.shape.empty())
      q_rows = tensor.shape[0] * static_cast<std::int64_t>(shards.size());
  std::int64_t head_dim = q_rows / info.heads;
  std::set<std::string> suffixes;
  for (const auto& shard : shards)
    for (const TensorInfo& tensor : shard->tensors())
      if (tensor.name.starts_with(prefix)) suffixes.insert(tensor.name.substr(prefix.size()));
  for (const std::string& suffix : suffixes) {
    if (suffix == ignored) continue;
    auto known = std::find_if(names.begin(), names.end(), [&](const MetaName& n) { return n.theirs == suffix; });
    if (known == names.end())
      block.parts.push_back({suffix, at::kFloat, {}, {}});  // settle_sizes refuses it by name
    else
      block.parts.push_back(join_shards(shards, prefix + suffix, *known, head_dim));
  }
  if (shards[0]->has("norm.weight")) block.read_final_norm = [shards] { return shards[0]->read("norm.weight"); };
  settle_sizes(block);
  return block;
}

}  // namespace luvit
