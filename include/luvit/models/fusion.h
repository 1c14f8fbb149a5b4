#pragma once
#include <memory>

#include "luvit/models/llama_block.h"

namespace luvit {

// What stands between the last ViT block and the encoder's final norm: Fuse(z) = L2·LLM·L1(z) (paper §3.2),
// the MLP baselines of Table 3, or nothing.
class Fusion : public Module {
 public:
  // [B,T,D] → [B,T,D]. Taps are the language block's; other fusions show nothing.
  virtual Tensor operator()(const Tensor& z, Taps* taps = nullptr) const = 0;
  // What a classifier pools of that, [B,D], without computing the rest where that can be left out.
  virtual Tensor pooled(const Tensor& z, Pool pool) const;
};

// The class token, or the mean over the patch tokens: [B,1+L,D] → [B,D].
Tensor pool_tokens(const Tensor& tokens, Pool pool);

struct LlamaFusion : Fusion {
  LlamaFusion(std::int64_t dim, const FusionOptions& options);
  Tensor operator()(const Tensor& z, Taps* taps = nullptr) const override;
  Tensor pooled(const Tensor& z, Pool pool) const override;
  Linear proj_in;  // L1
  LlamaBlock block;
  std::unique_ptr<LlamaBlock::RmsNorm> final_norm;  // weight frozen (`pretrained`) or not a tensor (`unit`)
  Linear proj_out;                                  // L2
  FusionOptions options;

 private:
  BlockInput block_input(const Tensor& z) const;
};

struct MlpFusion : Fusion {
  MlpFusion(std::int64_t dim, const FusionOptions& options);
  Tensor operator()(const Tensor& z, Taps* taps = nullptr) const override;
  Linear fc1, fc2;
  Activation activation;
};

// nullptr for kind none.
std::unique_ptr<Fusion> make_fusion(std::int64_t dim, const FusionOptions& options);

}  // namespace luvit
