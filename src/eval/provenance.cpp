#include "provenance.h"

#include <nlohmann/json.hpp>

#include "luvit/core/version.h"
#include "weights_origin.h"

namespace luvit {
namespace {

using Json = nlohmann::ordered_json;

// How a suite's images came before the model, and what was found of them.
Json suite_provenance(const SuitePlan& plan) {
  const SuiteOptions& options = plan.options;
  Json out = {{"kind", kind_name(options.kind)}, {"data", options.data}};
  out["preprocess"] = {{"resize", plan.view.resize > 0 ? Json(plan.view.resize) : Json()},
                       {"crop", plan.view.crop},
                       {"interpolation", plan.view.filter == Filter::bicubic ? "bicubic" : "bilinear"},
                       {"mean", plan.view.mean},
                       {"std", plan.view.std}};
  out["images"] = plan.images();
  out["skipped_files"] = plan.skipped;
  if (options.every > 1) out["every"] = options.every;
  if (!options.class_map.empty()) out["class_map"] = options.class_map;
  if (!options.corruptions.empty()) out["corruptions"] = options.corruptions;
  if (!options.severities.empty()) out["severities"] = options.severities;
  if (options.kind == SuiteKind::imagenet9) out["variations"] = options.variations;
  if (options.generate) {
    out["generated_with"] = {{"seed", options.seed}, {"flavour", "imagenet_c"}};
    if (!options.frost.empty()) out["generated_with"]["frost"] = options.frost;
  }
  if (plan.train) {
    out["train"] = options.train;
    out["train_images"] = plan.train->size();
    out["k"] = options.k;
    out["temperature"] = options.temperature;
  }
  if (!options.masks.empty()) {
    out["masks"] = options.masks;
    out["threshold_split"] = "every_second";
    if (!options.attention_of.empty()) out["attention_of"] = options.attention_of;
    if (options.filtering > 0) out["filtering"] = options.filtering;
  }
  if (!plan.warnings.empty()) out["warnings"] = plan.warnings;
  return out;
}

// The seed of the run a checkpoint folder is of; an exported file does not say.
Json seed_of(const fs::path& weights) {
  if (!is_folder(weights) || !path_exists(weights / "state.json")) return {};
  const Json state = Json::parse(read_file(weights / "state.json"), nullptr, /*allow_exceptions=*/false);
  return state.is_object() && state.contains("seed") ? state["seed"] : Json();
}

}  // namespace

fs::path weights_file(const fs::path& weights) {
  return is_folder(weights) ? weights / "model.safetensors" : weights;
}

Json provenance(const ProvenanceOf& of) {
  const Versions v = versions();
  Json out;
  out["weights"] = of.weights.string();
  out["weights_sha256"] = of.weights_sha256;
  if (const Json seed = seed_of(of.weights); !seed.is_null()) out["seed"] = seed;
  if (const Training training = training_of(of.weights); training != Training::unknown)
    out["training"] = training == Training::from_scratch ? "from_scratch" : "from_weights";
  if (is_linear_probe(of.weights)) out["task"] = "linear_probe";
  if (const std::string mode = distillation_of(of.weights); !mode.empty()) out["distilled"] = mode;
  out["model"] = Json::parse(model_to_json(of.model.options));
  out["config"] = Json::object();
  for (const SuitePlan& plan : of.plans) out["config"]["suites"][plan.options.name] = suite_provenance(plan);
  out["config"]["predictions"] = of.config.predictions;
  out["precision"] = of.config.precision == Precision::bfloat16 ? "bfloat16" : "float32";
  out["device"] = of.device.is_cuda() ? "cuda" : "cpu";
  out["version"] = v.luvit;
  out["git_revision"] = v.revision;
  out["torch"] = v.torch;
  return out;
}

}  // namespace luvit
