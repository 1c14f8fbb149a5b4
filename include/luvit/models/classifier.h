#pragma once
#include "luvit/models/encoder.h"

namespace luvit {

// pool mean: mean over the patch tokens → fc_norm → head (MAE's models_vit.py with global_pool).
// pool cls: norm → class token → head (timm's default).
struct Classifier : Encoder {
  explicit Classifier(const ModelOptions& options);
  Tensor operator()(const Tensor& images, const Tensor& drop_path = {}) const;  // logits [B,classes]
  // What the head sees, [B,D].
  Tensor pooled(const Tensor& images, const Tensor& drop_path = {}) const;
  // The same of all tokens' features, [B,1+L,D].
  Tensor logits_of(const Tensor& features) const { return head(normed(pool_tokens(features, options.pool))); }

  std::unique_ptr<LayerNorm> fc_norm, norm;  // one of the two
  Linear head;

 private:
  Tensor normed(const Tensor& pooled) const { return norm ? (*norm)(pooled) : (*fc_norm)(pooled); }
};

// Mean over the batch of −Σ targets·log softmax(logits), in float32 (timm's SoftTargetCrossEntropy): [].
Tensor soft_cross_entropy(const Tensor& logits, const Tensor& targets);

}  // namespace luvit
