#include "luvit/models/options.h"

#include <algorithm>
#include <array>

#include "luvit/core/text.h"

namespace luvit {
namespace {

class Checks {
 public:
  void positive(const char* key, double value) {
    if (!(value > 0)) problems_.push_back(str("model.", key, " ", value, " is not positive"));
  }
  void divides(const char* whole_key, std::int64_t whole, const char* part_key, std::int64_t part) {
    if (part <= 0 || whole <= 0) return;  // `positive` has named it
    if (whole % part != 0) {
      problems_.push_back(str("model.", whole_key, " ", whole, " is not a multiple of model.", part_key, " ", part));
    }
  }
  void sincos(const char* key, std::int64_t dim) {
    if (dim % 4 != 0) {
      problems_.push_back(str("model.", key, " ", dim, " is not a multiple of 4, as sin-cos positions need"));
    }
  }
  void add(std::string problem) { problems_.push_back(std::move(problem)); }
  std::vector<std::string> take() { return std::move(problems_); }

 private:
  std::vector<std::string> problems_;
};

void check_lora(Checks& checks, const LoraOptions& lora) {
  static constexpr std::array<std::string_view, 7> known = {"q", "k", "v", "o", "gate", "up", "down"};
  if (lora.rank < 0) checks.add(str("model.fusion.lora.rank ", lora.rank, " is negative"));
  if (!(lora.dropout >= 0 && lora.dropout < 1)) {
    checks.add(str("model.fusion.lora.dropout ", lora.dropout, " is not in [0, 1)"));
  }
  for (const auto& target : lora.targets) {
    if (std::find(known.begin(), known.end(), target) == known.end()) {
      checks.add(str("model.fusion.lora.targets has '", target, "'; expected any of q k v o gate up down"));
    }
  }
}

void check_llama(Checks& checks, const FusionOptions& fusion) {
  checks.positive("fusion.dim", static_cast<double>(fusion.dim));
  checks.positive("fusion.heads", static_cast<double>(fusion.heads));
  checks.positive("fusion.kv_heads", static_cast<double>(fusion.kv_heads));
  checks.positive("fusion.norm_eps", fusion.norm_eps);
  if (!fusion.head_dim) checks.divides("fusion.dim", fusion.dim, "fusion.heads", fusion.heads);
  checks.divides("fusion.heads", fusion.heads, "fusion.kv_heads", fusion.kv_heads);
  check_lora(checks, fusion.lora);
}

}  // namespace

std::int64_t kept_patches(std::int64_t patches, double mask_ratio) {
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(static_cast<double>(patches) * (1.0 - mask_ratio)));
}

std::vector<std::string> contradictions(const ModelOptions& options) {
  Checks checks;
  checks.positive("image_size", static_cast<double>(options.image_size));
  checks.positive("patch_size", static_cast<double>(options.patch_size));
  checks.positive("dim", static_cast<double>(options.dim));
  checks.positive("depth", static_cast<double>(options.depth));
  checks.positive("heads", static_cast<double>(options.heads));
  checks.positive("mlp_ratio", options.mlp_ratio);
  checks.positive("classes", static_cast<double>(options.classes));
  checks.divides("image_size", options.image_size, "patch_size", options.patch_size);
  checks.divides("dim", options.dim, "heads", options.heads);
  if (options.pos_embed == PosEmbed::sincos) checks.sincos("dim", options.dim);
  if (options.fusion.kind != FusionKind::none) {
    checks.positive("fusion.hidden", static_cast<double>(options.fusion.hidden));
  }
  if (options.fusion.kind == FusionKind::llama) check_llama(checks, options.fusion);
  return checks.take();
}

std::vector<std::string> contradictions(const DecoderOptions& options) {
  Checks checks;
  checks.positive("decoder.dim", static_cast<double>(options.dim));
  checks.positive("decoder.depth", static_cast<double>(options.depth));
  checks.positive("decoder.heads", static_cast<double>(options.heads));
  checks.divides("decoder.dim", options.dim, "decoder.heads", options.heads);
  checks.sincos("decoder.dim", options.dim);
  return checks.take();
}

}  // namespace luvit
