#pragma once
#include <map>
#include <memory>
#include <string>

#include "luvit/eval/outputs.h"

namespace luvit {

// By the names of outputs.h; `mae` is "loss", "pred" and "mask".
using Shown = std::map<std::string, at::Tensor>;

// A model of any kind, loaded to be looked at: one forward pass with taps serves luvit_infer and all analyses.
class InferenceModel {
 public:
  // Matrix products run in `compute`; the frozen block is kept in it too, unless fusion.storage is float32.
  InferenceModel(const OpenedModel& description, const fs::path& weights, at::ScalarType compute, at::Device device);

  // What is asked for, float32 on the CPU. All patches are seen, except by `mae`, which alone reads noise [B,L].
  Shown operator()(const at::Tensor& images, const at::Tensor& noise, const Outputs& outputs) const;

  // Left where they were made, for those who look at them later. Images float32 [B,3,S,S] on any device.
  at::Tensor logits(const at::Tensor& images) const;  // [B,classes], of a classifier
  // What a linear classifier would see, [B,D]: a classifier's own pooled features, with their norm; of other models the
  // mean of the patch tokens, or the class token (pool: cls), each normalised without scale or shift, as a new head's
  // norm would.
  at::Tensor pooled(const at::Tensor& images) const;
  // The last ViT block's output [B,1+L,D]: a pass without the fusion.
  at::Tensor encode(const at::Tensor& images, Taps& taps) const;
  at::Tensor features(const at::Tensor& images, Taps& taps) const;  // [B,1+L,D], after the fusion

  const Encoder& model() const { return *model_; }

 private:
  ModelKind kind_;
  at::ScalarType compute_;
  at::Device device_;
  std::unique_ptr<Encoder> model_;  // a Classifier or MaskedAutoencoder, by kind
};

// Masks of images that bring none are a function of (seed, place): [count,L], uniform in [0, 1). luvit_pretrain's
// validation hides the same patches.
at::Tensor evaluation_noise(std::uint64_t seed, std::int64_t first, std::int64_t count, std::int64_t patches);

}  // namespace luvit
