#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "luvit/models/module.h"

namespace luvit {

// Gradient signal-to-noise ratio: r_j = (E g_j)² / Var g_j of a parameter j, over samples whose g is the gradient of
// their own loss (Liu et al., ICLR 2020, 2001.07384). The naive ratio of K batches of B samples reads about 1/(K·B)
// where there is no signal at all; the estimates here read 0.

// Of one tensor.
struct TensorGsnr {
  std::string name;
  std::vector<float> r;  // ((K−3)/(K−1)·mean²/variance − 1/N), unbiased for Gaussian g; of the parameters that count
  double signal = 0;             // Σ mean² over them
  double variance = 0;           // Σ variance of a sample's gradient
  std::int64_t no_variance = 0;  // left out: the same gradient for all samples (LoRA's A while B is 0)
  std::int64_t key_bias = 0;     // left out: softmax does not see it, so its gradient is rounding and nothing else
};

// How many samples were seen, in how many mean gradients.
struct GradientDraws {
  std::int64_t samples = 0, batches = 0;  // N, K
};

// Mean and variance over samples of each parameter's gradient, streamed over mean gradients of micro-batches at one and
// the same weights (Welford, weighted by samples). Keeps two float32 a parameter beside the gradient.
class GradientNoise {
 public:
  explicit GradientNoise(std::vector<NamedTensor> parameters);

  // Takes in the gradients that stand in the parameters, means over `samples` samples each, and spoils them. A
  // parameter without one has had the gradient 0.
  void add(std::int64_t samples);
  // With the other ranks' (Chan et al. 1979). `sum` adds a tensor up over them, in place; all ranks call it.
  void merge(const std::function<void(const at::Tensor&)>& sum);
  const GradientDraws& draws() const { return draws_; }
  // What was found, tensor by tensor; frees what was kept. At least 4 batches, std::logic_error otherwise.
  std::vector<TensorGsnr> finish();

 private:
  std::vector<NamedTensor> parameters_;
  std::vector<at::Tensor> mean_, squares_;  // squares: Σ over batches of samples·(G − mean)²
  GradientDraws draws_;
};

// Of a tensor, a block or a model.
struct GsnrFigures {
  std::int64_t n = 0, no_variance = 0, key_bias = 0;  // parameters counted, and left out
  // Over the r_j; NaN without any. Unbiased is the mean alone: an r_j scatters by about 1.4/N around its value, so
  // that without any signal the median is −0.55/N, the 95th percentile 2.8/N and the share above zero 32%.
  double mean, median, p95, share_positive;
  // R = (Σ mean² − Σ variance / N) / Σ variance: no division by single parameters' variances, no heavy tail.
  double ratio;
  // 1/R: McCandlish et al.'s simple noise scale (1812.06162), in samples; NaN where R is not positive.
  double noise_scale() const;
};
GsnrFigures gsnr_figures(const std::vector<const TensorGsnr*>& tensors, std::int64_t samples);

// Where a tensor belongs in a profile over the layers: "blocks.3", "decoder_blocks.0", "patch_embed", "fusion", …
std::string layer_of(const std::string& tensor);
// The layers of these tensors, in the order in which they come.
std::vector<std::string> layers_of(const std::vector<std::string>& tensors);

}  // namespace luvit
