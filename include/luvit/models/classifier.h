#pragma once
#include "luvit/models/encoder.h"

namespace luvit {

// pool mean: mean over the patch tokens → fc_norm → head (MAE's models_vit.py with global_pool).
// pool cls: norm → class token → head (timm's default).
struct Classifier : Encoder {
  explicit Classifier(const ModelOptions& options);
  Tensor operator()(const Tensor& images, const Tensor& drop_path = {}) const;  // logits [B,classes]
  Tensor logits(const Tensor& features) const { return head(pooled(features)); }
  Tensor pooled(const Tensor& features) const;  // what the head sees, [B,D]

  std::unique_ptr<LayerNorm> fc_norm, norm;  // one of the two
  Linear head;
};

// Mean over the batch of −Σ targets·log softmax(logits), in float32 (timm's SoftTargetCrossEntropy): [].
Tensor soft_cross_entropy(const Tensor& logits, const Tensor& targets);

}  // namespace luvit
