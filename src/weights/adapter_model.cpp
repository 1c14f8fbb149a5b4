// An adapter's settings into a model's options, and its matrices into the model.
#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/weights/adapter.h"
#include "luvit/weights/block_source.h"

namespace luvit {
namespace {

const std::set<std::string> all_written = {"model.fusion.lora.rank", "model.fusion.lora.alpha",
                                           "model.fusion.lora.targets"};

}  // namespace

void settle_lora_options(LoraOptions& options, const Adapter& adapter, const std::set<std::string>& written,
                         const std::string& path) {
  std::vector<std::string> problems;
  auto settle = [&](const std::string& key, auto& value, const auto& found, bool differs, const std::string& here,
                    const std::string& there) {
    if (!written.count("model.fusion.lora." + key))
      value = found;
    else if (differs)
      problems.push_back(str("model.fusion.lora.", key, " is ", here, ", but ", there, " in ", escape(path)));
  };
  std::set<std::string> here(options.targets.begin(), options.targets.end()),
      there(adapter.targets.begin(), adapter.targets.end());
  settle("rank", options.rank, adapter.rank, options.rank != adapter.rank, std::to_string(options.rank),
         std::to_string(adapter.rank));
  settle("alpha", options.alpha, adapter.alpha, options.alpha != adapter.alpha, exact(options.alpha),
         exact(adapter.alpha));
  settle("targets", options.targets, adapter.targets, here != there, join(options.targets, " "),
         join(adapter.targets, " "));
  if (!problems.empty()) throw DataError(problems, "an adapter goes with the options that it was trained with");
}

void load_adapter(Module& model, const FusionOptions& options, const fs::path& path) {
  std::int64_t head_dim = options.head_dim.value_or(options.dim / options.heads);
  Adapter adapter = read_adapter(path, options.layer, head_dim);
  LoraOptions lora = options.lora;
  settle_lora_options(lora, adapter, all_written, path.string());

  std::map<std::string, at::Tensor> values;
  for (const auto& [name, tensor] : adapter.tensors) values["fusion.block." + name] = tensor;
  for (const NamedTensor& own : model.named_tensors()) {
    if (!own.name.starts_with("fusion.block.") || own.name.find(".lora_") == std::string::npos) continue;
    auto value = values.find(own.name);
    if (value == values.end())
      throw DataError(str(escape(path.string()), ": it has nothing for the model's ", own.name));
    if (value->second.sizes() != own.tensor->sizes())
      throw DataError(str(escape(path.string()), ": ", own.name, " has the shape ", c10::str(value->second.sizes()),
                          ", the model ", c10::str(own.tensor->sizes())));
    *own.tensor = value->second.to(own.tensor->scalar_type());
    values.erase(value);
  }
  if (!values.empty())
    throw DataError(str(escape(path.string()), ": the model has no place for ", values.begin()->first));
}

}  // namespace luvit
