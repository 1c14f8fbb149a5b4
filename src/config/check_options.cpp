#include <algorithm>
#include <cmath>
#include <set>

#include "luvit/config/bindings.h"
#include "luvit/core/text.h"
#include "luvit/data/mixing.h"

namespace luvit {
namespace {

using Found = std::vector<Problem>;

void must_divide(Found& found, const std::string& key, std::int64_t part, const std::string& whole_key,
                 std::int64_t whole) {
  if (part <= 0 || whole <= 0 || whole % part != 0)
    found.push_back({key, str(part, " does not divide ", whole_key, " ", whole)});
}

void check_sincos(Found& found, const std::string& key, std::int64_t dim) {
  if (dim % 4 != 0) found.push_back({key, str(dim, " is not a multiple of 4, as sin-cos position embeddings need")});
}

void check_lora(Found& found, const LoraOptions& lora) {
  static const std::vector<std::string> known = {"q", "k", "v", "o", "gate", "up", "down"};
  const std::string key = "model.fusion.lora.targets";
  std::set<std::string> seen;
  for (const auto& target : lora.targets) {
    if (std::find(known.begin(), known.end(), target) == known.end())
      found.push_back({key, str("`", escape(target), "` is not one of ", join(known, ", "))});
    if (!seen.insert(target).second) found.push_back({key, str("`", escape(target), "` stands twice")});
  }
  if (lora.rank > 0 && lora.targets.empty())
    found.push_back({key, str("is empty, with rank ", lora.rank, "; rank 0 says that there is no LoRA")});
  if (lora.rank == 0 && lora.weights)
    found.push_back({"model.fusion.lora.weights", "an adapter is given, and model.fusion.lora.rank is 0"});
}

void check_llama(Found& found, const FusionOptions& fusion) {
  if (!fusion.head_dim) must_divide(found, "model.fusion.heads", fusion.heads, "model.fusion.dim", fusion.dim);
  must_divide(found, "model.fusion.kv_heads", fusion.kv_heads, "model.fusion.heads", fusion.heads);
  if (fusion.final_norm == FinalNorm::pretrained && fusion.weights == "random")
    found.push_back(
        {"model.fusion.final_norm", "pretrained needs a Meta or Hugging Face folder in model.fusion.weights"});
  check_lora(found, fusion.lora);
}

}  // namespace

std::vector<Problem> check_model(const ModelOptions& options) {
  Found found;
  must_divide(found, "model.patch_size", options.patch_size, "model.image_size", options.image_size);
  must_divide(found, "model.heads", options.heads, "model.dim", options.dim);
  if (options.pos_embed == PosEmbed::sincos) check_sincos(found, "model.dim", options.dim);
  if (std::floor(static_cast<double>(options.dim) * options.mlp_ratio) < 1)
    found.push_back({"model.mlp_ratio", str("leaves the MLP of model.dim ", options.dim, " without a unit")});
  must_divide(found, "model.decoder.heads", options.decoder.heads, "model.decoder.dim", options.decoder.dim);
  check_sincos(found, "model.decoder.dim", options.decoder.dim);
  if (options.fusion.kind == FusionKind::llama) check_llama(found, options.fusion);
  return found;
}

std::vector<Problem> check_masking(const MaskingOptions& options, std::int64_t patches) {
  if (kept_patches(patches, options.mask_ratio) < patches) return {};
  return {{"mae.mask_ratio", str(exact(options.mask_ratio), " hides none of ", patches, " patches: there is no loss")}};
}

std::vector<Problem> check_crop(const CropOptions& options) {
  if (options.crop_scale[0] <= options.crop_scale[1]) return {};
  return {{"augment.crop_scale", str("the smallest area ", exact(options.crop_scale[0]), " is above the largest ",
                                     exact(options.crop_scale[1]))}};
}

std::vector<Problem> check_mixing(const MixOptions& options, std::int64_t batch_size, std::int64_t ranks) {
  const std::int64_t group = mix_group(options, batch_size), share = batch_size / ranks;
  if (group == 1 && (options.mixup > 0 || options.cutmix > 0))
    return {{"augment.mix_group",
             "1, so an image would be mixed with itself; expected 2 or more, or augment.mixup and "
             "augment.cutmix 0"}};
  if (share % group == 0) return {};
  return {{"augment.mix_group", str(group, " samples are mixed together, and a rank's share of the batch, ", share,
                                    " of ", batch_size, ", is no multiple of that")}};
}

}  // namespace luvit
