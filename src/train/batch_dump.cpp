#include "luvit/train/batch_dump.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "luvit/core/text.h"
#include "luvit/optim/gradients.h"

namespace luvit {

namespace {

// JSON has no NaN; the report says it in words.
nlohmann::json number(double value) {
  if (std::isfinite(value)) return value;
  return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

// "blocks.3" for blocks.3.attn.qkv.weight, "fusion" for fusion.*, "norm" for norm.weight.
std::string layer_of(const std::string& name) {
  const auto first = name.find('.');
  if (first == std::string::npos) return name;
  const auto second = name.find('.', first + 1);
  const bool numbered = std::isdigit(static_cast<unsigned char>(name[first + 1]));
  return numbered ? name.substr(0, second) : name.substr(0, first);
}

nlohmann::ordered_json gradient_norms(Module& model) {
  std::vector<std::string> order;
  std::map<std::string, std::vector<at::Tensor>> layers;
  for (const auto& [name, tensor, role] : model.trained_tensors()) {
    const std::string layer = layer_of(name);
    if (!layers.contains(layer)) order.push_back(layer);
    layers[layer].push_back(*tensor);
  }
  nlohmann::ordered_json norms;
  for (const auto& layer : order) norms[layer] = number(gradient_norm(layers[layer]).item<double>());
  return norms;
}

}  // namespace

void dump_batch(const fs::path& path, const StepBatch& batch, const StepFacts& facts) {
  write_safetensors(
      path, batch.tensors,
      {{"step", str(facts.step)}, {"epoch", exact(facts.epoch)}, {"lr", exact(facts.lr)}, {"loss", exact(facts.loss)}});
}

void report_nonfinite(const fs::path& folder, const StepBatch& batch, const StepFacts& facts, std::int64_t rank,
                      Module& model) {
  file_layer().make_folder(folder);
  char name[64];
  std::snprintf(name, sizeof name, "step-%06lld-rank-%lld", static_cast<long long>(facts.step),
                static_cast<long long>(rank));
  dump_batch(folder / (std::string(name) + ".safetensors"), batch, facts);
  nlohmann::ordered_json report;
  report["step"] = facts.step;
  report["rank"] = rank;
  report["epoch"] = facts.epoch;
  report["loss"] = number(facts.loss);
  report["lr"] = facts.lr;
  for (const auto& [tensor_name, tensor] : batch.tensors)
    if (tensor_name == "index")
      report["index"] = std::vector<std::int64_t>(tensor.const_data_ptr<std::int64_t>(),
                                                  tensor.const_data_ptr<std::int64_t>() + tensor.numel());
  report["gradient_norms"] = gradient_norms(model);
  write_durably(folder / (std::string(name) + ".json"), report.dump(2) + "\n");
}

}  // namespace luvit
