// A block's sizes into a model's options, and its values into the model.
#include <cmath>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/weights/adapter.h"
#include "luvit/weights/block_source.h"

namespace luvit {
namespace {

// Collects the contradictions, so that all are told at once.
class Settling {
 public:
  Settling(const std::set<std::string>& written, const std::string& path) : written_(written), path_(path) {}

  void size(const char* key, std::int64_t& value, std::int64_t found) {
    settle(key, value, found, value != found, std::to_string(value), std::to_string(found));
  }
  void number(const char* key, double& value, double found) {
    bool differs = std::fabs(value - found) > 1e-6 * std::fabs(found);  // 1e-5 may come from a float32
    settle(key, value, found, differs, exact(value), exact(found));
  }
  void finish() const {
    if (problems_.empty()) return;
    throw DataError(problems_, "leave the key out: it is then taken from the weights");
  }

 private:
  template <typename Value>
  void settle(const char* key, Value& value, Value found, bool differs, const std::string& here,
              const std::string& there) {
    std::string path = str("model.fusion.", key);
    if (!written_.count(path))
      value = found;
    else if (differs)
      problems_.push_back(str(path, " is ", here, ", but ", there, " in ", escape(path_)));
  }

  const std::set<std::string>& written_;
  const std::string& path_;
  std::vector<std::string> problems_;
};

}  // namespace

void settle_fusion_options(FusionOptions& options, const BlockInfo& info, const std::set<std::string>& written,
                           const std::string& path) {
  Settling settling(written, path);
  settling.size("dim", options.dim, info.dim);
  settling.size("heads", options.heads, info.heads);
  settling.size("kv_heads", options.kv_heads, info.kv_heads);
  settling.size("hidden", options.hidden, info.hidden);
  settling.number("norm_eps", options.norm_eps, info.norm_eps);
  if (options.layer == -1) options.layer = info.layer;  // "the last" has its number now
  settling.size("layer", options.layer, info.layer);
  settling.finish();
  options.head_dim = info.head_dim;
  options.qkv_bias = info.qkv_bias;
  options.o_bias = info.o_bias;
  options.qk_norm = info.qk_norm;
  if (options.lora.weights && path_exists(*options.lora.weights)) {  // a resumed run has it in its checkpoint
    Adapter adapter = read_adapter(*options.lora.weights, options.layer, info.head_dim);
    settle_lora_options(options.lora, adapter, written, *options.lora.weights);
  }
}

void load_block(Module& model, const BlockSource& block, at::ScalarType frozen_type) {
  const std::string prefix = "fusion.block.", final_norm = "fusion.final_norm.weight";
  std::map<std::string, at::Tensor> values;
  for (const auto& [name, tensor] : block.tensors) values[prefix + name] = tensor;
  if (block.final_norm.defined()) values[final_norm] = block.final_norm;

  for (const NamedTensor& own : model.named_tensors()) {
    if (own.role != Role::frozen || !(own.name.starts_with(prefix) || own.name == final_norm)) continue;
    auto value = values.find(own.name);
    if (value == values.end()) throw DataError(str(escape(block.path), ": it has nothing for the model's ", own.name));
    if (value->second.sizes() != own.tensor->sizes())
      throw DataError(str(escape(block.path), ": ", own.name, " has the shape ", c10::str(value->second.sizes()),
                          ", the model ", c10::str(own.tensor->sizes())));
    *own.tensor = value->second.to(frozen_type);
    values.erase(value);
  }
  if (!values.empty()) throw DataError(str(escape(block.path), ": the model has no place for ", values.begin()->first));
}

}  // namespace luvit
