#include "recognised_arm.h"

#include <nlohmann/json.hpp>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/weights/model_file.h"
#include "weights_origin.h"

namespace luvit {
namespace {

std::string text_of(const nlohmann::json& provenance, const char* key) {
  const auto found = provenance.find(key);
  if (found == provenance.end()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

// The paper's counts tell its two MLP arms apart: as many parameters as L1 and L2, or as these with LoRA.
std::optional<Arm> mlp_arm(const ModelOptions& model) {
  if (model.dim == 768 && model.fusion.hidden == 4096) return Arm::mlp_p;
  if (model.dim == 768 && model.fusion.hidden == 4267) return Arm::mlp_l;
  return std::nullopt;
}

std::optional<Arm> arm_of(const ModelOptions& model, bool pretrained) {
  const FusionOptions& fusion = model.fusion;
  const bool lora = fusion.lora.rank > 0, random = fusion.weights == "random";
  if (fusion.kind == FusionKind::none) return pretrained ? Arm::mae_vit : Arm::supervised_vit;
  if (fusion.kind == FusionKind::mlp) return pretrained ? mlp_arm(model) : std::nullopt;
  // The supervised rows are Pang et al.'s, whose code divides by a norm behind the block.
  const bool normed = fusion.final_norm != FinalNorm::none;
  if (fusion.residual != Residual::none || (normed && (pretrained || fusion.final_norm != FinalNorm::unit)))
    return std::nullopt;
  if (random) return pretrained && lora ? std::optional(Arm::llama_random) : std::nullopt;
  if (pretrained) return lora ? Arm::luvit : Arm::llama_frozen;
  return lora ? Arm::supervised_llama_lora : Arm::supervised_llama;
}

std::string size_of(const ModelOptions& model) {
  std::vector<std::string> other;
  const bool base = model.dim == 768 && model.depth == 12 && model.patch_size == 16 && model.image_size == 224;
  if (!base)
    other.push_back(str("dim ", model.dim, ", depth ", model.depth, ", patches of ", model.patch_size, ", images of ",
                        model.image_size));
  const FusionOptions& block = model.fusion;
  if (block.kind == FusionKind::llama && (block.dim != 4096 || block.heads != 32 || block.hidden != 11008))
    other.push_back(str("block ", block.dim, " wide, ", block.heads, " heads, feed-forward ", block.hidden));
  return join(other, "; ");
}

Training recorded_training(const nlohmann::json& provenance) {
  const std::string recorded = text_of(provenance, "training");
  if (recorded == "from_scratch") return Training::from_scratch;
  if (recorded == "from_weights") return Training::from_weights;
  const std::string weights = text_of(provenance, "weights");
  return weights.empty() ? Training::unknown : training_of(weights);
}

}  // namespace

RecognisedArm recognise_arm(const EvaluatedRun& run) {
  const auto provenance = nlohmann::json::parse(run.provenance);
  const std::string model_json = text_of(provenance, "model");
  if (model_json.empty()) return {std::nullopt, "its provenance does not describe the model", ""};
  const ModelOptions model = model_from_json(model_json, run.file.string() + ": provenance.model");
  if (text_of(provenance, "task") == "linear_probe") return {std::nullopt, "it is a linear probe", ""};
  if (const std::string mode = text_of(provenance, "distilled"); !mode.empty())
    return {std::nullopt, str("it was trained by distill.mode ", mode), ""};
  const Training training = recorded_training(provenance);
  if (training == Training::unknown)
    return {std::nullopt, "whether its weights were pretrained is not recorded; ROW=DIR says which row it is", ""};
  const std::optional<Arm> arm = arm_of(model, training == Training::from_weights);
  return {arm, "its fusion is none of the paper's", size_of(model)};
}

std::string trained_as(const EvaluatedRun& run) {
  const auto provenance = nlohmann::json::parse(run.provenance);
  nlohmann::json model = provenance.value("model", nlohmann::json());
  if (model.is_object() && model.contains("fusion") && model["fusion"].contains("weights") &&
      model["fusion"]["weights"].is_string())  // wherever it lies
    model["fusion"]["weights"] = fs::path(model["fusion"]["weights"].get<std::string>()).filename().string();
  return join(
      {model.dump(), text_of(provenance, "training"), text_of(provenance, "task"), text_of(provenance, "distilled")},
      "\n");
}

}  // namespace luvit
