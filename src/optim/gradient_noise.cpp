#include "luvit/optim/gradient_noise.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace luvit {

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// [first, last) of a tensor's entries: the middle third of a packed q, k, v bias.
std::pair<std::int64_t, std::int64_t> key_bias_of(const std::string& name, std::int64_t count) {
  if (!name.ends_with(".attn.qkv.bias")) return {0, 0};
  return {count / 3, count / 3 * 2};
}

// numpy's percentile: linear between the neighbours. Reorders the values.
double quantile(std::vector<float>& values, double share) {
  if (values.empty()) return not_a_number;
  const double place = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::ptrdiff_t>(std::floor(place));
  const auto at = values.begin() + below;
  std::nth_element(values.begin(), at, values.end());
  const double low = *at;
  if (at + 1 == values.end()) return low;
  const double high = *std::min_element(at + 1, values.end());
  return low + (high - low) * (place - static_cast<double>(below));
}

TensorGsnr ratios_of(const std::string& name, const at::Tensor& mean, const at::Tensor& squares,
                     const GradientDraws& draws) {
  const at::Tensor means = mean.to(at::kCPU).contiguous(), spreads = squares.to(at::kCPU).contiguous();
  const float* m = means.const_data_ptr<float>();
  const float* s = spreads.const_data_ptr<float>();
  const auto batches = static_cast<double>(draws.batches), samples = static_cast<double>(draws.samples);
  const double factor = (batches - 3) / (batches - 1);
  const auto [skip_from, skip_to] = key_bias_of(name, means.numel());
  TensorGsnr out{.name = name, .r = {}};
  out.key_bias = skip_to - skip_from;
  out.r.reserve(static_cast<std::size_t>(means.numel() - out.key_bias));
  for (std::int64_t i = 0; i < means.numel(); ++i) {
    if (i >= skip_from && i < skip_to) continue;
    if (s[i] == 0) {
      ++out.no_variance;
      continue;
    }
    // Batches of B samples scatter by variance/B around the mean, whatever B is: squares/(K−1) is a sample's variance.
    const double squared = static_cast<double>(m[i]) * m[i], variance = s[i] / (batches - 1);
    out.r.push_back(static_cast<float>(factor * squared / variance - 1 / samples));
    out.signal += squared;
    out.variance += variance;
  }
  return out;
}

}  // namespace

GradientNoise::GradientNoise(std::vector<NamedTensor> parameters) : parameters_(std::move(parameters)) {
  const at::NoGradGuard no_gradients;
  for (const NamedTensor& named : parameters_) {
    mean_.push_back(at::zeros_like(*named.tensor, at::TensorOptions().dtype(at::kFloat).requires_grad(false)));
    squares_.push_back(at::zeros_like(mean_.back()));
  }
}

void GradientNoise::add(std::int64_t samples) {
  const at::NoGradGuard no_gradients;
  draws_.samples += samples;
  ++draws_.batches;
  const double share = static_cast<double>(samples) / static_cast<double>(draws_.samples);
  std::vector<at::Tensor> gradients;
  for (const NamedTensor& named : parameters_) {
    at::Tensor& gradient = named.tensor->mutable_grad();
    if (!gradient.defined()) gradient = at::zeros_like(*named.tensor, at::TensorOptions().requires_grad(false));
    gradients.push_back(gradient);
  }
  // G − mean before and after the mean has moved, the second (1 − share) times the first; all in place.
  at::_foreach_sub_(gradients, mean_);
  at::_foreach_add_(mean_, gradients, share);
  at::_foreach_addcmul_(squares_, gradients, gradients, static_cast<double>(samples) * (1 - share));
}

void GradientNoise::merge(const std::function<void(const at::Tensor&)>& sum) {
  const at::NoGradGuard no_gradients;
  const auto device = mean_.empty() ? at::Device(at::kCPU) : mean_.front().device();
  const at::Tensor counts = at::tensor({draws_.samples, draws_.batches}, at::kLong).to(device);
  sum(counts);
  const auto own = static_cast<double>(draws_.samples);
  draws_ = {.samples = counts[0].item<std::int64_t>(), .batches = counts[1].item<std::int64_t>()};
  const auto all = std::max(1.0, static_cast<double>(draws_.samples));
  for (std::size_t i = 0; i < mean_.size(); ++i) {
    const at::Tensor together = mean_[i] * (own / all);
    sum(together);
    mean_[i].sub_(together);
    squares_[i].addcmul_(mean_[i], mean_[i], own);
    sum(squares_[i]);
    mean_[i] = together;
  }
}

std::vector<TensorGsnr> GradientNoise::finish() {
  if (draws_.batches < 4) throw std::logic_error("GradientNoise: fewer than 4 batches");
  std::vector<TensorGsnr> found;
  for (std::size_t i = 0; i < mean_.size(); ++i) {
    found.push_back(ratios_of(parameters_[i].name, mean_[i], squares_[i], draws_));
    mean_[i].reset();
    squares_[i].reset();
  }
  return found;
}

double GsnrFigures::noise_scale() const {
  return ratio > 0 ? 1 / ratio : not_a_number;
}

GsnrFigures gsnr_figures(const std::vector<const TensorGsnr*>& tensors, std::int64_t samples) {
  GsnrFigures out;
  double sum = 0, signal = 0, variance = 0;
  std::vector<float> values;
  std::int64_t positive = 0;
  for (const TensorGsnr* tensor : tensors) {
    out.no_variance += tensor->no_variance;
    out.key_bias += tensor->key_bias;
    signal += tensor->signal;
    variance += tensor->variance;
    for (const float r : tensor->r) {
      sum += r;
      positive += r > 0 ? 1 : 0;
    }
    values.insert(values.end(), tensor->r.begin(), tensor->r.end());
  }
  out.n = std::ssize(values);
  const auto n = static_cast<double>(out.n);
  out.mean = out.n > 0 ? sum / n : not_a_number;
  out.share_positive = out.n > 0 ? static_cast<double>(positive) / n : not_a_number;
  out.ratio = variance > 0 ? (signal - variance / static_cast<double>(samples)) / variance : not_a_number;
  out.median = quantile(values, 0.5);
  out.p95 = quantile(values, 0.95);
  return out;
}

std::string layer_of(const std::string& tensor) {
  const std::size_t first = tensor.find('.');
  const std::string head = tensor.substr(0, first);
  if (head != "blocks" && head != "decoder_blocks") return head;
  return tensor.substr(0, tensor.find('.', first + 1));
}

std::vector<std::string> layers_of(const std::vector<std::string>& tensors) {
  std::vector<std::string> layers;
  for (const std::string& name : tensors) {
    const std::string layer = layer_of(name);
    if (std::find(layers.begin(), layers.end(), layer) == layers.end()) layers.push_back(layer);
  }
  return layers;
}

}  // namespace luvit
