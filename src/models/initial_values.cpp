#include "luvit/models/initial_values.h"

#include <ATen/Parallel.h>

#include "luvit/core/random.h"
#include "luvit/core/text.h"
#include "luvit/models/meta_kernels.h"
#include "luvit/models/vit.h"

namespace luvit {
namespace {

// What a tensor starts from.
struct Rule {
  enum class Kind { constant, uniform, normal, positions } kind;
  double value = 0;  // the constant, the bound, the deviation, or the grid's side
};

Rule constant(double value) {
  return {Rule::Kind::constant, value};
}
Rule normal(double deviation) {
  return {Rule::Kind::normal, deviation};
}
Rule uniform(double bound) {
  return {Rule::Kind::uniform, bound};
}

// torch.nn.init.xavier_uniform_ of a matrix [out, in…]; a convolution's kernel counts as `in`.
Rule xavier(at::IntArrayRef shape) {
  const auto out = shape[0], in = c10::multiply_integers(shape) / out;
  return uniform(std::sqrt(6.0 / static_cast<double>(in + out)));
}

Rule frozen_rule(const NamedTensor& named) {
  if (named.name.ends_with(".bias")) return constant(0);
  return named.tensor->dim() == 1 ? constant(1) : normal(0.02);
}

Rule rule_for(const NamedTensor& named, const ModelOptions& options) {
  const std::string& name = named.name;
  if (named.role == Role::frozen) return frozen_rule(named);
  if (name == "decoder_pos_embed" || (name == "pos_embed" && options.pos_embed == PosEmbed::sincos)) {
    return {Rule::Kind::positions, static_cast<double>(options.grid())};
  }
  if (name == "cls_token" || name == "mask_token" || name == "pos_embed") return normal(0.02);
  if (name.ends_with(".bias")) return constant(0);
  if (named.tensor->dim() == 1) return constant(1);  // norms
  if (name.ends_with(".lora_A.weight")) return uniform(1.0 / std::sqrt(static_cast<double>(named.tensor->size(1))));
  if (name.ends_with(".lora_B.weight")) return constant(0);
  if (name == "fusion.proj_out.weight" && options.fusion.residual == Residual::outer) return constant(0);
  // timm's trunc_normal_ cuts at ±2, 100,000 deviations away: a normal distribution.
  if (name == "head.weight" || name == "head_aux.weight") return normal(2e-5);
  return xavier(named.tensor->sizes());
}

// A tensor is filled in pieces of this many values, each from a stream of its own: the values do not depend on the
// number of threads.
constexpr std::int64_t piece = std::int64_t{1} << 18;

// Numbers pass through a buffer that stays in the cache on their way to another type.
constexpr std::int64_t buffer_size = std::int64_t{1} << 14;

void fill_piece(Random random, const Rule& rule, const Tensor& out) {
  const auto value = static_cast<float>(rule.value);
  Tensor buffer = at::empty({std::min(buffer_size, out.numel())}, at::kFloat);
  for (std::int64_t at = 0; at < out.numel(); at += buffer_size) {
    const std::int64_t count = std::min(buffer_size, out.numel() - at);
    if (rule.kind == Rule::Kind::normal) {
      random.fill_normal(buffer.mutable_data_ptr<float>(), count, /*mean=*/0.0F, value);
    } else {
      random.fill_uniform(buffer.mutable_data_ptr<float>(), count, -value, value);
    }
    out.narrow(0, at, count).copy_(buffer.narrow(0, 0, count));
  }
}

Tensor random_values(std::uint64_t seed, const std::string& name, const Rule& rule, at::IntArrayRef shape,
                     at::ScalarType type) {
  Tensor result = at::empty(shape, type);
  const Tensor flat = result.view({-1});
  const std::int64_t total = flat.numel();
  at::parallel_for(0, (total + piece - 1) / piece, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const Random random(seed, i == 0 ? name : str(name, '#', i), Purpose::initial);
      fill_piece(random, rule, flat.narrow(0, i * piece, std::min(piece, total - i * piece)));
    }
  });
  return result;
}

Tensor initial_value(const NamedTensor& named, const ModelOptions& options, const InitialValues& how) {
  const Rule rule = rule_for(named, options);
  const auto shape = named.tensor->sizes();
  const auto type = named.role == Role::frozen ? how.frozen_type : at::kFloat;
  if (rule.kind == Rule::Kind::constant) return at::full(shape, rule.value, type);
  if (rule.kind == Rule::Kind::positions) return sincos_positions(shape[2], static_cast<std::int64_t>(rule.value));
  return random_values(how.seed, named.name, rule, shape, type);
}

void place(Module& model, const std::function<Tensor(const Tensor&)>& move) {
  for (const NamedTensor& named : model.named_tensors()) *named.tensor = move(named.tensor->detach());
  require_gradients(model);
}

}  // namespace

void initialise(Module& model, const ModelOptions& options, const InitialValues& how) {
  const at::NoGradGuard no_grad;
  for (const NamedTensor& named : model.named_tensors()) {
    if (named.role == Role::frozen && how.skip_frozen) continue;
    *named.tensor = initial_value(named, options, how);
  }
}

void initialise_frozen(Module& model, const ModelOptions& options, const InitialValues& how) {
  const at::NoGradGuard no_grad;
  for (const NamedTensor& named : model.named_tensors())
    if (named.role == Role::frozen) *named.tensor = initial_value(named, options, how);
}

void to_device(Module& model, at::Device device) {
  place(model, [&](const Tensor& tensor) { return tensor.to(device, /*non_blocking=*/true); });
}

void require_gradients(Module& model) {
  for (const NamedTensor& named : model.named_tensors()) {
    named.tensor->set_requires_grad(named.role == Role::trained);
  }
}

void to_meta(Module& model, std::optional<at::ScalarType> frozen_type) {
  add_meta_kernels();
  if (frozen_type)
    for (const NamedTensor& named : model.named_tensors())
      if (named.role == Role::frozen) *named.tensor = named.tensor->to(*frozen_type);
  place(model, [](const Tensor& tensor) { return at::empty_like(tensor, tensor.options().device(at::kMeta)); });
}

}  // namespace luvit
