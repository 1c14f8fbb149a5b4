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
  if (fusion.residual != Residual::none || fusion.final_norm != FinalNorm::none) return std::nullopt;
  if (random) return pretrained && lora ? std::optional(Arm::llama_random) : std::nullopt;
  if (pretrained) return lora ? Arm::luvit : Arm::llama_frozen;
  return lora ? Arm::supervised_llama_lora : Arm::supervised_llama;
}

std::string size_of(const ModelOptions& model) {
  const bool base = model.dim == 768 && model.depth == 12 && model.patch_size == 16 && model.image_size == 224;
  if (base) return "";
  return str("dim ", model.dim, ", depth ", model.depth, ", patches of ", model.patch_size, ", images of ",
             model.image_size);
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
  const Training training = recorded_training(provenance);
  if (training == Training::unknown)
    return {std::nullopt, "whether its weights were pretrained is not recorded; ROW=DIR says which row it is", ""};
  const std::optional<Arm> arm = arm_of(model, training == Training::from_weights);
  return {arm, "its fusion is none of the paper's", size_of(model)};
}

}  // namespace luvit
