#include "luvit/weights/adapter.h"

#include <array>
#include <cmath>
#include <regex>

#include "luvit/core/error.h"
#include "luvit/core/files.h"
#include "luvit/core/text.h"
#include "opened_block.h"
#include "tensor_folder.h"

namespace luvit {
namespace {

struct Target {
  std::string_view name, module, meta;  // q, self_attn.q_proj, wq
};
constexpr std::array<Target, 7> all_targets = {{{"q", "self_attn.q_proj", "wq"},
                                                {"k", "self_attn.k_proj", "wk"},
                                                {"v", "self_attn.v_proj", "wv"},
                                                {"o", "self_attn.o_proj", "wo"},
                                                {"gate", "mlp.gate_proj", "w1"},
                                                {"up", "mlp.up_proj", "w3"},
                                                {"down", "mlp.down_proj", "w2"}}};

// One matrix of an adapter, by what its name says.
struct Piece {
  std::string name;  // in the file
  const Target* target;
  char matrix;       // A or B
  bool interleaved;  // named, and so ordered, as Meta's
};

const Target* find_target(std::string_view module, bool& interleaved) {
  for (const Target& t : all_targets) {
    interleaved = module == t.meta;
    if (interleaved || t.module.ends_with(str(".", module))) return &t;
  }
  return nullptr;
}

// By layer; -1 where names have none (this project's file).
std::map<std::int64_t, std::vector<Piece>> sort_pieces(const TensorSource& file) {
  static const std::regex pattern(R"((?:.*\blayers\.(\d{1,6})\.)?(?:.*\.)?(\w+)\.lora_([AB])(?:\.default)?\.weight)");
  std::map<std::int64_t, std::vector<Piece>> layers;
  for (const TensorInfo& tensor : file.tensors()) {
    std::smatch match;
    bool interleaved = false;
    const Target* target = nullptr;
    constexpr std::size_t longest = 512;  // std::regex recurses over its text
    if (tensor.name.size() <= longest && std::regex_match(tensor.name, match, pattern))
      target = find_target(match[2].str(), interleaved);
    if (!target)
      throw DataError(
          str(escape(file.path()), ": the tensor '", escape(tensor.name), "' is not LoRA's of a LLaMA block"));
    if (tensor.shape.size() != 2 || !c10::isFloatingType(tensor.type))
      throw DataError(str(escape(file.path()), ": the tensor '", escape(tensor.name),
                          "' is not a matrix of floating-point numbers"));
    layers[match[1].matched ? std::stoll(match[1]) : -1].push_back(
        {tensor.name, target, match[3].str()[0], interleaved});
  }
  return layers;
}

at::Tensor read_piece(const TensorSource& file, const Piece& piece, bool interleaved, std::int64_t head_dim) {
  at::Tensor tensor = file.read(piece.name);
  bool rotary = piece.matrix == 'B' && (piece.target->name == "q" || piece.target->name == "k");
  if (!rotary || !(interleaved || piece.interleaved)) return tensor;
  if (head_dim <= 0 || tensor.size(0) % head_dim != 0)
    throw DataError(str(escape(file.path()), ": '", escape(piece.name),
                        "' has its rows in Meta's order, and the size of a head is not known"),
                    "name the block that it was trained on in model.fusion.weights");
  return half_split_rows(tensor, head_dim);
}

// A and B of each target, in the targets' order.
void read_pieces(Adapter& adapter, const TensorSource& file, const std::vector<Piece>& pieces, bool interleaved,
                 std::int64_t head_dim) {
  for (const Target& target : all_targets) {
    std::map<char, at::Tensor> matrices;
    for (const Piece& piece : pieces)
      if (piece.target == &target &&
          !matrices.emplace(piece.matrix, read_piece(file, piece, interleaved, head_dim)).second)
        throw DataError(str(escape(file.path()), ": '", escape(piece.name), "' stands in it twice"));
    if (matrices.empty()) continue;
    if (matrices.size() != 2)
      throw DataError(str(escape(file.path()), ": ", target.module, " has only one of lora_A and lora_B"));
    if (matrices['A'].size(0) != adapter.rank || matrices['B'].size(1) != adapter.rank)
      throw DataError(
          str(escape(file.path()), ": ", target.module, " has not the rank ", adapter.rank, " that is said"));
    adapter.targets.emplace_back(target.name);
    for (auto& [matrix, tensor] : matrices)
      adapter.tensors.emplace_back(str(target.module, ".lora_", matrix, ".weight"), tensor);
  }
  if (adapter.targets.empty()) throw DataError(str(escape(file.path()), ": no LoRA matrices in it"));
}

Adapter read_adapter_file(const fs::path& path, std::int64_t layer, std::int64_t head_dim) {
  SafetensorsFile file(path);
  auto metadata = file.metadata().find("luvit.adapter");
  if (metadata == file.metadata().end())
    throw DataError(str(escape(path.string()), ": not an adapter file: its metadata has no 'luvit.adapter'"),
                    "a peft adapter is named by its folder");
  JsonObject said(metadata->second, path.string() + ": luvit.adapter");
  Adapter adapter;
  adapter.rank = said.integer("rank").value_or(0);
  adapter.alpha = said.number("alpha").value_or(static_cast<double>(adapter.rank));
  adapter.layer = said.integer("layer").value_or(-1);
  adapter.source = said.text("source").value_or(path.string());
  if (layer >= 0 && adapter.layer >= 0 && layer != adapter.layer)
    throw DataError(str(escape(path.string()), " is for layer ", adapter.layer, ", but the block is layer ", layer));
  std::string layout = said.text("qk_layout").value_or("half");
  if (layout != "half" && layout != "interleaved")
    throw DataError(
        str(escape(said.place()), ": qk_layout is '", escape(layout), "', expected 'half' or 'interleaved'"));
  auto layers = sort_pieces(file);
  read_pieces(adapter, file, layers[-1], layout == "interleaved", head_dim);
  return adapter;
}

// What would make the function another than W + (alpha/rank)·B·A.
void refuse_variants(const JsonObject& config) {
  auto refuse = [&](const std::string& what) {
    throw DataError(str(escape(config.place()), ": ", what, " is not supported"));
  };
  if (config.text("peft_type").value_or("LORA") != "LORA") refuse(str("peft_type ", escape(*config.text("peft_type"))));
  if (config.text("bias").value_or("none") != "none") refuse(str("bias ", escape(*config.text("bias"))));
  for (const char* key : {"use_dora", "use_qalora", "fan_in_fan_out", "lora_bias"})
    if (config.flag(key)) refuse(key);
  for (const char* key : {"rank_pattern", "alpha_pattern"})
    if (const auto* value = config.find(key); value && !value->empty()) refuse(key);
}

Adapter read_peft_folder(const fs::path& folder, std::int64_t layer, std::int64_t head_dim) {
  JsonObject config(folder / "adapter_config.json");
  refuse_variants(config);
  Adapter adapter;
  adapter.rank = config.integer("r").value_or(8);  // peft's defaults
  adapter.alpha = config.number("lora_alpha").value_or(8);
  if (config.flag("use_rslora")) adapter.alpha *= std::sqrt(static_cast<double>(adapter.rank));
  adapter.source = folder.string();
  fs::path weights = folder / "adapter_model.safetensors";
  if (!path_exists(weights)) weights = folder / "adapter_model.bin";
  auto file = open_tensor_file(weights);
  auto layers = sort_pieces(*file);
  if (layers.empty()) throw DataError(str(escape(weights.string()), ": no LoRA matrices in it"));
  auto chosen = layer < 0 ? std::prev(layers.end()) : layers.find(layer);
  if (chosen == layers.end()) {
    std::vector<std::string> has;
    for (const auto& [number, pieces] : layers) has.push_back(std::to_string(number));
    throw DataError(str(escape(folder.string()), " has no layer ", layer, ", only ", join(has, ", ")));
  }
  adapter.layer = chosen->first;
  read_pieces(adapter, *file, chosen->second, /*interleaved=*/false, head_dim);
  return adapter;
}

}  // namespace

Adapter read_adapter(const fs::path& path, std::int64_t layer, std::int64_t head_dim) {
  if (!path_exists(path))
    throw DataError(str(escape(path.string()), ": no such file or folder; expected a LoRA adapter"));
  return is_folder(path) ? read_peft_folder(path, layer, head_dim) : read_adapter_file(path, layer, head_dim);
}

Metadata adapter_metadata(const Adapter& adapter) {
  nlohmann::ordered_json out = {{"rank", adapter.rank},   {"alpha", adapter.alpha},   {"targets", adapter.targets},
                                {"layer", adapter.layer}, {"source", adapter.source}, {"qk_layout", "half"}};
  return {{"luvit.adapter", out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)}};
}

}  // namespace luvit
