#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace luvit {

enum class FusionKind { none, mlp, llama };
enum class Residual { none, outer };  // outer: z + L2·LLM·L1(z), L2 starting at zero
enum class FinalNorm { none, unit, pretrained };
enum class Storage { compute, float32 };  // type of the frozen weights
enum class Activation { gelu, none };
enum class Pool { mean, cls };
enum class PosEmbed { sincos, learned };
enum class Precision { float32, bfloat16, float16 };

struct LoraOptions {
  std::int64_t rank = 16;  // 0: none
  double alpha = 16;
  double dropout = 0;
  std::vector<std::string> targets = {"q", "v"};  // any of q k v o gate up down
  std::optional<std::string> weights;             // an adapter file or folder to start from
};

struct FusionOptions {
  FusionKind kind = FusionKind::llama;
  // kind: llama
  std::int64_t dim = 4096;
  std::int64_t heads = 32;
  std::int64_t kv_heads = 32;
  std::optional<std::int64_t> head_dim;  // not a config key: dim / heads unless the weights say otherwise (Qwen3)
  std::int64_t hidden = 11008;           // also kind: mlp (4096 there)
  double norm_eps = 1e-6;
  bool qkv_bias = false;  // not config keys: what the weights have (Qwen2, Qwen3)
  bool o_bias = false;
  bool qk_norm = false;
  std::string weights;  // block file, Meta or Hugging Face folder, or "random"
  std::int64_t layer = -1;
  Storage storage = Storage::compute;
  Residual residual = Residual::none;
  FinalNorm final_norm = FinalNorm::none;
  bool bias = false;  // of L1 and L2; kind: mlp has true
  LoraOptions lora;
  bool fold = true;  // not a config key: q, k and v straight from L1's input where that is less work
  // kind: mlp
  Activation activation = Activation::gelu;
};

struct DecoderOptions {
  std::int64_t dim = 512;
  std::int64_t depth = 8;
  std::int64_t heads = 16;
};

// Defaults: LUViT/B, paper §3 and §4.
struct ModelOptions {
  std::int64_t image_size = 224;
  std::int64_t patch_size = 16;
  std::int64_t dim = 768;
  std::int64_t depth = 12;
  std::int64_t heads = 12;
  double mlp_ratio = 4.0;
  Pool pool = Pool::mean;
  PosEmbed pos_embed = PosEmbed::sincos;
  double drop_path = 0.0;
  FusionOptions fusion;
  DecoderOptions decoder;
  std::int64_t classes = 1000;

  std::int64_t grid() const { return image_size / patch_size; }
  std::int64_t patches() const { return grid() * grid(); }
  std::int64_t patch_values() const { return patch_size * patch_size * 3; }
};

struct MaskingOptions {
  double mask_ratio = 0.75;
  bool norm_pix = true;
};

// Number of kept patches: int(L·(1−ratio)) in double, at least 1.
std::int64_t kept_patches(std::int64_t patches, double mask_ratio);

// The sizes that do not go together ("model.dim 768 is not a multiple of model.heads 7"), one a line; empty: all
// do. Every model's constructor throws them as a UsageError.
std::vector<std::string> contradictions(const ModelOptions& options);
std::vector<std::string> contradictions(const DecoderOptions& options);

}  // namespace luvit
