// What a config leaves open about the model, from the weights it names.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/weights/transfer.h"

namespace luvit {

namespace {

using json = nlohmann::ordered_json;

bool below(const std::string& key, const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return key == name || (key.starts_with(name) && key[name.size()] == '.');
  });
}

// Keys whose value here says nothing about the weights.
const std::vector<std::string> own = {"model.drop_path", "model.classes", "model.fusion.lora.weights"};
// Keys that come from the weights unless written, and may then differ.
const std::vector<std::string> free_to_differ = {
    "model.image_size",   "model.pool",           "model.pos_embed",      "model.decoder",
    "model.fusion.layer", "model.fusion.weights", "model.fusion.storage", "model.fusion.lora.dropout"};

class Settling {
 public:
  Settling(const std::set<std::string>& written, const std::string& path) : written_(written), path_(path) {}

  // `here` becomes what holds; both are sections of a model's JSON.
  void section(const std::string& name, json& here, const json& there) {
    for (auto& [key, theirs] : there.items()) {
      const std::string full = name + "." + key;
      if (below(full, own)) continue;
      if (theirs.is_object()) {
        if (!here.contains(key)) here[key] = json::object();
        section(full, here[key], theirs);
      } else if (!written_.contains(full) || !here.contains(key)) {
        here[key] = theirs;
      } else if (here[key] != theirs && !below(full, free_to_differ)) {
        problems_.push_back(str(full, " is ", shown(here[key]), ", but ", shown(theirs), " in ", escape(path_)));
      }
    }
  }
  // What is written about another kind of fusion than the weights have.
  void fusion_keys(const json& there) {
    const std::string prefix = "model.fusion.";
    for (const std::string& key : written_) {
      if (!key.starts_with(prefix) || below(key, own)) continue;
      const json* at = &there["fusion"];
      std::string rest = key.substr(prefix.size());
      if (rest.starts_with("lora.") && at->contains("lora")) {
        at = &(*at)["lora"];
        rest = rest.substr(5);
      }
      if (!at->contains(rest))
        problems_.push_back(
            str(key, " is written, but model.fusion.kind is ", shown(there["fusion"]["kind"]), " in ", escape(path_)));
    }
  }
  void finish() const {
    if (problems_.empty()) return;
    throw DataError(problems_, "leave the key out: it is then taken from the weights");
  }

 private:
  static std::string shown(const json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }
  const std::set<std::string>& written_;
  const std::string& path_;
  std::vector<std::string> problems_;
};

bool attaches_a_block(const ModelOptions& options, const OpenedModel& from, const std::set<std::string>& written) {
  return from.options.fusion.kind == FusionKind::none && options.fusion.kind == FusionKind::llama &&
         options.fusion.residual == Residual::outer && written.contains("model.fusion.residual");
}

}  // namespace

void settle_model_options(ModelOptions& options, const OpenedModel& from, const std::set<std::string>& written,
                          const std::string& path) {
  const FusionOptions attached = options.fusion;
  const bool attaches = attaches_a_block(options, from, written);
  json here = json::parse(model_to_json(options)), there = json::parse(model_to_json(from.options));
  if (attaches) there.erase("fusion");
  if (from.kind != ModelKind::classifier) there.erase("pool");  // nothing of the other kinds is pooled
  Settling settling(written, path);
  if (!attaches && here["fusion"]["kind"] != there["fusion"]["kind"]) {
    // Another kind's keys say nothing here.
    const json kind = here["fusion"]["kind"];
    here["fusion"] = json::object({{"kind", kind}});
  }
  settling.section("model", here, there);
  if (!attaches) settling.fusion_keys(there);
  settling.finish();
  options = model_from_json(here.dump(), path);
  if (attaches) {
    options.fusion = attached;
    return;
  }
  // What the block's tensors alone say.
  options.fusion.head_dim = from.options.fusion.head_dim;
  options.fusion.qkv_bias = from.options.fusion.qkv_bias;
  options.fusion.o_bias = from.options.fusion.o_bias;
  options.fusion.qk_norm = from.options.fusion.qk_norm;
}

}  // namespace luvit
