#include <nlohmann/json.hpp>

#include "export_formats.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {

namespace {

const std::string block_prefix = "fusion.block.";

// name = PREFIX + ".lora_A.weight" or PREFIX + ".lora_B.weight"
bool is_lora(const std::string& name) {
  return name.ends_with(".lora_A.weight") || name.ends_with(".lora_B.weight");
}

void require_lora(const LoadedModel& loaded, const char* what) {
  const FusionOptions& fusion = loaded.description.options.fusion;
  if (fusion.kind == FusionKind::llama && fusion.lora.rank > 0 && !fusion.lora.targets.empty()) return;
  throw DataError(str(loaded.path, ": has no LoRA to ", what), "--format luvit writes the complete file as it is");
}

// W0 + (alpha/rank)·B·A: exact in float32 for a half-precision W0, then rounded once to its type.
at::Tensor merge(const at::Tensor& weight, const at::Tensor& lora_A, const at::Tensor& lora_B, double scale) {
  return (weight.to(at::kFloat) + at::mm(lora_B, lora_A) * scale).to(weight.scalar_type());
}

// "q" → "q_proj", as peft names its targets.
std::vector<std::string> target_modules(const LoraOptions& lora) {
  std::vector<std::string> modules;
  for (const std::string& target : lora.targets) modules.push_back(target + "_proj");
  return modules;
}

// peft declares lora_alpha an integer.
nlohmann::ordered_json whole_where_possible(double value) {
  if (value == std::floor(value)) return static_cast<std::int64_t>(value);
  return value;
}

std::string adapter_config(const FusionOptions& fusion) {
  nlohmann::ordered_json config = {
      {"peft_type", "LORA"},
      {"task_type", nullptr},
      {"base_model_name_or_path", nullptr},
      {"r", fusion.lora.rank},
      {"lora_alpha", whole_where_possible(fusion.lora.alpha)},
      {"lora_dropout", fusion.lora.dropout},
      {"target_modules", target_modules(fusion.lora)},
      {"layers_to_transform", std::vector<std::int64_t>{std::max<std::int64_t>(fusion.layer, 0)}},
      {"layers_pattern", "layers"},
      {"bias", "none"},
      {"fan_in_fan_out", false},
      {"use_rslora", false},
      {"init_lora_weights", true},
      {"inference_mode", true},
  };
  if (fusion.weights != "random" && !fusion.weights.empty()) config["base_model_name_or_path"] = fusion.weights;
  return config.dump(2) + "\n";
}

}  // namespace

std::string export_merged(LoadedModel& loaded, const fs::path& out) {
  require_lora(loaded, "merge");
  const at::NoGradGuard no_gradients;
  LoraOptions& lora = loaded.description.options.fusion.lora;
  std::map<std::string, at::Tensor> values;
  for (const auto& [name, tensor, role] : loaded.model->named_tensors()) values[name] = *tensor;

  NamedTensors kept;
  std::size_t merged = 0;
  for (const auto& [name, tensor, role] : loaded.model->named_tensors()) {
    if (is_lora(name)) continue;
    const std::string layer = name.substr(0, name.rfind('.'));
    const auto a = values.find(layer + ".lora_A.weight");
    if (a == values.end() || !name.ends_with(".weight")) {
      kept.emplace_back(name, *tensor);
      continue;
    }
    const double scale = lora.alpha / static_cast<double>(lora.rank);
    kept.emplace_back(name, merge(*tensor, a->second, values.at(layer + ".lora_B.weight"), scale));
    ++merged;
  }
  lora.rank = 0;
  lora.weights.reset();
  write_safetensors(out, kept, model_metadata(loaded.description));
  return str("wrote ", out.string(), ": LoRA is added into ", merged, " matrices and gone\n");
}

std::string export_peft(LoadedModel& loaded, const fs::path& out) {
  require_lora(loaded, "export");
  const FusionOptions& fusion = loaded.description.options.fusion;
  const std::int64_t layer = std::max<std::int64_t>(fusion.layer, 0);
  NamedTensors adapter;
  for (const auto& [name, tensor, role] : loaded.model->named_tensors())
    if (is_lora(name))
      adapter.emplace_back(str("base_model.model.model.layers.", layer, '.', name.substr(block_prefix.size())),
                           *tensor);

  DurableFolder folder(out);
  folder.write("adapter_model.safetensors", [&](FileLayer::Handle& file) {
    write_safetensors(file, adapter, {{"format", "pt"}});
  });
  const std::string config = adapter_config(fusion);
  folder.write("adapter_config.json", [&](FileLayer::Handle& file) { file.write(config.data(), config.size()); });
  folder.commit();
  return str("wrote ", out.string(), ": rank ", fusion.lora.rank, ", ", adapter.size(), " matrices for block ", layer,
             "\n\nfrom peft import PeftModel\n\nmodel = PeftModel.from_pretrained(base, ", json_quote(out.string()),
             ")\n");
}

}  // namespace luvit
