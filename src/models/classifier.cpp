#include "luvit/models/classifier.h"

namespace luvit {

Classifier::Classifier(const ModelOptions& options_)
    : Encoder(options_, /*pos_embed_role=*/Role::trained), head(options.dim, options.classes) {
  if (options.pool == Pool::mean) {
    fc_norm = std::make_unique<LayerNorm>(options.dim);
    add("fc_norm", *fc_norm);
  } else {
    norm = std::make_unique<LayerNorm>(options.dim);
    add("norm", *norm);
  }
  add("head", head);
}

Tensor Classifier::operator()(const Tensor& images, const Tensor& drop_path) const {
  return head(pooled(images, drop_path));
}

Tensor Classifier::pooled(const Tensor& images, const Tensor& drop_path) const {
  return normed(pooled_features(images, drop_path));  // a norm takes each token by itself
}

Tensor soft_cross_entropy(const Tensor& logits, const Tensor& targets) {
  const Tensor log_probabilities = at::log_softmax(logits.to(at::kFloat), /*dim=*/1);
  return -(targets * log_probabilities).sum() / logits.size(0);
}

}  // namespace luvit
