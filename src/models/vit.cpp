#include "luvit/models/vit.h"

namespace luvit {
namespace {

// x + branch, for the samples that keep it.
Tensor add_branch(const Tensor& x, const Tensor& branch, const Tensor& keep, std::int64_t which, double probability) {
  if (!keep.defined()) return x + branch;
  const Tensor factor = (keep.select(0, which).to(x.scalar_type()) / probability).view({-1, 1, 1});
  return at::addcmul(x, branch, factor);
}

}  // namespace

SelfAttention::SelfAttention(std::int64_t dim, std::int64_t heads_) : qkv(dim, 3 * dim), proj(dim, dim), heads(heads_) {
  add("qkv", qkv);
  add("proj", proj);
}

Tensor SelfAttention::operator()(const Tensor& x) const {
  return proj(self_attention(qkv(x), heads));
}

Tensor SelfAttention::from(const Tensor& x, std::int64_t first) const {
  const auto width = x.size(2), tokens = x.size(1);
  const auto part = [&](const Tensor& input, std::int64_t row, std::int64_t rows) {
    const Tensor y = apply_linear(input, qkv.weight.narrow(0, row, rows), qkv.bias.narrow(0, row, rows));
    return y.view({y.size(0), y.size(1), rows / width, heads, width / heads}).permute({2, 0, 3, 1, 4}).unbind(0);
  };
  const Tensor q = part(x.narrow(1, first, tokens - first), 0, width)[0];
  const std::vector<Tensor> kv = part(x, width, 2 * width);
  return proj(attention(q, kv[0], kv[1]).transpose(1, 2).flatten(2));
}

Tensor SelfAttention::weights(const Tensor& x) const {
  const auto parts = split_heads(qkv(x), heads);
  return attention_weights(parts[0], parts[1]);
}

Mlp::Mlp(std::int64_t dim, std::int64_t hidden) : fc1(dim, hidden), fc2(hidden, dim) {
  add("fc1", fc1);
  add("fc2", fc2);
}

Tensor Mlp::operator()(const Tensor& x) const {
  return apply_gelu_linear(fc1(x), fc2.weight, fc2.bias);
}

Block::Block(std::int64_t dim, std::int64_t heads, double mlp_ratio)
    : norm1(dim),
      attn(dim, heads),
      norm2(dim),
      mlp(dim, static_cast<std::int64_t>(static_cast<double>(dim) * mlp_ratio)) {
  add("norm1", norm1);
  add("attn", attn);
  add("norm2", norm2);
  add("mlp", mlp);
}

Tensor Block::operator()(const Tensor& x, const Tensor& keep, double keep_probability) const {
  const Tensor attended = add_branch(x, attn(norm1(x)), keep, 0, keep_probability);
  return add_branch(attended, mlp(norm2(attended)), keep, 1, keep_probability);
}

Tensor Block::from(const Tensor& x, std::int64_t first) const {
  const Tensor attended = x.slice(1, first) + attn.from(norm1(x), first);
  return attended + mlp(norm2(attended));
}

PatchEmbed::Projection::Projection(std::int64_t patch_size, std::int64_t dim) {
  add("weight", weight, {dim, 3, patch_size, patch_size});
  add("bias", bias, {dim});
}

PatchEmbed::PatchEmbed(std::int64_t patch_size_, std::int64_t dim) : proj(patch_size_, dim), patch_size(patch_size_) {
  add("proj", proj);
}

Tensor PatchEmbed::flatten(const Tensor& images) const {
  const auto batch = images.size(0), rows = images.size(2) / patch_size, columns = images.size(3) / patch_size;
  return images.reshape({batch, 3, rows, patch_size, columns, patch_size})
      .permute({0, 2, 4, 1, 3, 5})
      .reshape({batch, rows * columns, 3 * patch_size * patch_size});
}

Tensor PatchEmbed::embed(const Tensor& patches) const {
  return apply_linear(patches, proj.weight.flatten(1), proj.bias);
}

Tensor PatchEmbed::operator()(const Tensor& images) const {
  return embed(flatten(images));
}

Tensor sincos_positions(std::int64_t dim, std::int64_t grid) {
  const std::int64_t quarter = dim / 4;
  Tensor positions = at::zeros({1, 1 + grid * grid, dim}, at::kFloat);
  float* out = positions.mutable_data_ptr<float>() + dim;  // the CLS row stays zero
  for (std::int64_t row = 0; row < grid; ++row) {
    for (std::int64_t column = 0; column < grid; ++column, out += dim) {
      for (std::int64_t k = 0; k < quarter; ++k) {
        const double frequency = 1.0 / std::pow(10000.0, static_cast<double>(k) / static_cast<double>(quarter));
        const double x = static_cast<double>(column) * frequency, y = static_cast<double>(row) * frequency;
        out[k] = static_cast<float>(std::sin(x));
        out[quarter + k] = static_cast<float>(std::cos(x));
        out[2 * quarter + k] = static_cast<float>(std::sin(y));
        out[3 * quarter + k] = static_cast<float>(std::cos(y));
      }
    }
  }
  return positions;
}

}  // namespace luvit
