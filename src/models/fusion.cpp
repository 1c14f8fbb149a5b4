#include "luvit/models/fusion.h"

namespace luvit {

Tensor pool_tokens(const Tensor& tokens, Pool pool) {
  return pool == Pool::mean ? mean_over_patches(tokens) : tokens.select(1, 0);
}

Tensor Fusion::pooled(const Tensor& z, Pool pool) const {
  return pool_tokens((*this)(z), pool);
}

LlamaFusion::LlamaFusion(std::int64_t dim, const FusionOptions& options_)
    : proj_in(dim, options_.dim, options_.bias),
      block(options_),
      proj_out(options_.dim, dim, options_.bias),
      options(options_) {
  add("proj_in", proj_in);
  add("block", block);
  if (options.final_norm != FinalNorm::none) {
    const bool has_weight = options.final_norm == FinalNorm::pretrained;
    final_norm = std::make_unique<LlamaBlock::RmsNorm>(options.dim, options.norm_eps, has_weight);
    add("final_norm", *final_norm);
  }
  add("proj_out", proj_out);
}

BlockInput LlamaFusion::block_input(const Tensor& z) const {
  return options.fold ? BlockInput(proj_in, z) : BlockInput(proj_in(z));
}

Tensor LlamaFusion::operator()(const Tensor& z, Taps* taps) const {
  const Tensor told = block(block_input(z), taps);
  const Tensor fused = proj_out(final_norm ? (*final_norm)(told) : told);
  if (taps) taps->show("l2", fused);
  return options.residual == Residual::outer ? z + fused : fused;
}

Tensor LlamaFusion::pooled(const Tensor& z, Pool pool) const {
  // A norm does not commute with a mean, and dropout draws for every token.
  const bool every_token = (final_norm && pool == Pool::mean) || (options.lora.dropout > 0 && training());
  if (every_token) return Fusion::pooled(z, pool);
  const BlockInput input = block_input(z);
  const Tensor told = pool == Pool::mean ? block.patch_mean(input) : block.class_token(input).squeeze(1);
  const Tensor fused = proj_out(final_norm ? (*final_norm)(told) : told);
  return options.residual == Residual::outer ? pool_tokens(z, pool) + fused : fused;
}

MlpFusion::MlpFusion(std::int64_t dim, const FusionOptions& options)
    : fc1(dim, options.hidden, options.bias), fc2(options.hidden, dim, options.bias), activation(options.activation) {
  add("fc1", fc1);
  add("fc2", fc2);
}

Tensor MlpFusion::operator()(const Tensor& z, Taps*) const {
  const Tensor hidden = fc1(z);
  return activation == Activation::gelu ? apply_gelu_linear(hidden, fc2.weight, fc2.bias) : fc2(hidden);
}

std::unique_ptr<Fusion> make_fusion(std::int64_t dim, const FusionOptions& options) {
  switch (options.kind) {
    case FusionKind::none:
      return nullptr;
    case FusionKind::mlp:
      return std::make_unique<MlpFusion>(dim, options);
    case FusionKind::llama:
      return std::make_unique<LlamaFusion>(dim, options);
  }
  return nullptr;
}

}  // namespace luvit
