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
  return logits(features(images, drop_path));
}

Tensor Classifier::pooled(const Tensor& features) const {
  if (norm) return (*norm)(features.select(1, 0));  // a norm takes each token by itself
  const Tensor patches = features.narrow(1, 1, features.size(1) - 1);
  return (*fc_norm)(patches.mean(1, /*keepdim=*/false, fc_norm->weight.scalar_type()));
}

Tensor soft_cross_entropy(const Tensor& logits, const Tensor& targets) {
  const Tensor log_probabilities = at::log_softmax(logits.to(at::kFloat), /*dim=*/1);
  return -(targets * log_probabilities).sum() / logits.size(0);
}

}  // namespace luvit
