// A Hugging Face folder: config.json beside one or several weight files.
#include <array>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "opened_block.h"
#include "tensor_folder.h"

namespace luvit {
namespace {

// Families whose decoder layer is this block once rotary positions and masks are left out (transformers 5.23,
// models/*/modeling_*.py), with the eps that their configuration class has where config.json says nothing.
struct Family {
  std::string_view name;
  double norm_eps;
};
constexpr std::array<Family, 6> families = {
    {{"llama", 1e-6}, {"mistral", 1e-6}, {"qwen2", 1e-6}, {"qwen3", 1e-6}, {"phi3", 1e-5}, {"smollm3", 1e-6}}};

// What may stand before "layers.N.": the model itself, inside a causal model, inside a multi-modal one, inside
// DataParallel or peft.
constexpr std::array<std::string_view, 8> prefixes = {
    "",        "model.",        "language_model.model.", "model.language_model.",
    "module.", "module.model.", "base_model.model.",     "base_model.model.model."};

constexpr std::string_view ignored = "self_attn.rotary_emb.inv_freq";  // positions, not weights

const Family& find_family(const JsonObject& config) {
  std::string type = config.text("model_type").value_or("");
  std::vector<std::string> known;
  for (const Family& family : families) {
    if (family.name == type) return family;
    known.emplace_back(family.name);
  }
  throw DataError(str(escape(config.place()), ": model_type '", escape(type),
                      "' is a different kind of block, which is not supported"),
                  str("known are ", join(known, ", ")));
}

std::string find_prefix(const TensorFolder& folder, const std::string& path) {
  std::string found = "?";
  const std::vector<std::string> names = folder.names();
  for (std::string_view prefix : prefixes) {
    std::string start = str(prefix, "layers.");
    if (std::none_of(names.begin(), names.end(), [&](const std::string& n) { return n.starts_with(start); })) continue;
    if (found != "?") throw DataError(str(escape(path), ": layers under both '", found, "' and '", prefix, "'"));
    found = prefix;
  }
  if (found == "?") throw DataError(str(escape(path), ": no tensors named model.layers.N.… in it"));
  return found;
}

// Phi-3 keeps q, k and v in one matrix, gate and up in another: rows of it under the others' names.
void add_fused(OpenedBlock& block, const std::shared_ptr<TensorFolder>& folder, const std::string& name,
               const std::vector<std::pair<std::string, std::int64_t>>& pieces) {
  const TensorInfo& whole = folder->info(name);
  std::int64_t rows = 0;
  for (const auto& [piece, n] : pieces) rows += n;
  if (whole.shape.size() != 2 || whole.shape[0] != rows)
    throw DataError(str(escape(block.path), ": the tensor '", escape(name), "' should have ", rows, " rows"));
  std::int64_t at = 0;
  for (const auto& [piece, n] : pieces) {
    block.parts.push_back({piece, whole.type, {n, whole.shape[1]}, [folder, name, at, rows_of = n] {
                             return folder->read(name).narrow(0, at, rows_of).clone();
                           }});
    at += n;
  }
}

void add_part(OpenedBlock& block, const std::shared_ptr<TensorFolder>& folder, const std::string& name,
              const std::string& suffix) {
  const BlockInfo& info = block.info;
  if (suffix == ignored) return;
  if (suffix == "self_attn.qkv_proj.weight") {
    std::int64_t head_dim = info.head_dim ? info.head_dim : info.dim / info.heads;
    std::int64_t kv = (info.kv_heads ? info.kv_heads : info.heads) * head_dim;
    return add_fused(block, folder, name,
                     {{"self_attn.q_proj.weight", info.heads * head_dim},
                      {"self_attn.k_proj.weight", kv},
                      {"self_attn.v_proj.weight", kv}});
  }
  if (suffix == "mlp.gate_up_proj.weight")
    return add_fused(block, folder, name, {{"mlp.gate_proj.weight", info.hidden}, {"mlp.up_proj.weight", info.hidden}});
  const TensorInfo& tensor = folder->info(name);
  block.parts.push_back({suffix, tensor.type, tensor.shape, [folder, name] { return folder->read(name); }});
}

BlockInfo read_config(const JsonObject& config, const fs::path& folder) {
  const Family& family = find_family(config);
  std::string activation = config.text("hidden_act").value_or("silu");
  if (activation != "silu" && activation != "swish")
    throw DataError(str(escape(config.place()), ": hidden_act is '", escape(activation), "', expected 'silu'"));
  BlockInfo info;
  info.dim = config.integer("hidden_size").value_or(0);
  info.heads = config.integer("num_attention_heads").value_or(0);
  info.kv_heads = config.integer("num_key_value_heads").value_or(0);
  info.head_dim = config.integer("head_dim").value_or(0);
  info.hidden = config.integer("intermediate_size").value_or(0);
  info.norm_eps = config.number("rms_norm_eps").value_or(family.norm_eps);
  info.source = folder.string();
  if (info.heads <= 0) throw DataError(str(escape(config.place()), ": num_attention_heads is missing"));
  return info;
}

}  // namespace

OpenedBlock open_hugging_face_block(const fs::path& path, std::int64_t layer) {
  JsonObject file(path / "config.json");
  auto nested = file.object("text_config");  // of a multi-modal model
  const JsonObject& config = nested ? *nested : file;
  OpenedBlock block;
  block.path = path.string();
  block.info = read_config(config, path);
  auto folder = std::make_shared<TensorFolder>(path);
  std::string prefix = find_prefix(*folder, block.path);
  auto count = config.integer("num_hidden_layers");
  if (!count) throw DataError(str(escape(config.place()), ": num_hidden_layers is missing"));
  block.info.layer = choose_layer(layer, *count, block.path);

  std::string start = str(prefix, "layers.", block.info.layer, ".");
  for (const std::string& name : folder->names())
    if (name.starts_with(start)) add_part(block, folder, name, name.substr(start.size()));
  std::string norm = prefix + "norm.weight";
  if (folder->has(norm)) block.read_final_norm = [folder, norm] { return folder->read(norm); };
  settle_sizes(block);
  return block;
}

}  // namespace luvit
