#include "luvit/models/distillation.h"

#include <ATen/ATen.h>

#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

Tensor unlikeness(const Tensor& a, const Tensor& b) {
  return (1 - at::cosine_similarity(a.to(at::kFloat), b.to(at::kFloat), /*dim=*/-1)).mean();
}

const ModelOptions& with_fusion(const ModelOptions& options) {
  if (options.fusion.kind == FusionKind::none)
    throw UsageError("model.fusion.kind: none, so there is no auxiliary path",
                     "distill.mode: aux_path takes the path from model.fusion");
  return options;
}

}  // namespace

Tensor feature_distance(const Tensor& tokens, const Tensor& targets, FeatureLoss loss, double beta) {
  const Tensor x = tokens.to(at::kFloat), y = targets.to(at::kFloat);
  switch (loss) {
    case FeatureLoss::smooth_l1:
      return at::smooth_l1_loss(x, y, at::Reduction::Mean, beta);
    case FeatureLoss::mse:
      return at::mse_loss(x, y);
    case FeatureLoss::cosine:
      return unlikeness(x, y);
  }
  return {};
}

FeatureMatch::FeatureMatch(std::int64_t student_width, std::int64_t teacher_width, const Options& options_)
    : options(options_) {
  if (!options.projector && student_width != teacher_width)
    throw UsageError(
        str("distill.projector: none, but the student is ", student_width, " wide and the teacher ", teacher_width),
        "distill.projector: linear brings one to the other");
  if (!options.projector) return;
  projector = std::make_unique<Linear>(student_width, teacher_width);
  add("projector", *projector);
}

Tensor FeatureMatch::operator()(const Tensor& student, const Tensor& teacher) const {
  const std::int64_t first = options.include_cls ? 0 : 1;
  const Tensor tokens = student.slice(1, first), wanted = teacher.detach().slice(1, first).to(at::kFloat);
  const Tensor targets = options.target_norm == TargetNorm::ln
                             ? at::layer_norm(wanted, {wanted.size(2)}, /*weight=*/{}, /*bias=*/{}, /*eps=*/1e-6)
                             : wanted;
  return feature_distance(projector ? (*projector)(tokens) : tokens, targets, options.loss, options.beta);
}

Tensor logit_divergence(const Tensor& student, const Tensor& teacher, double temperature) {
  const Tensor wanted = at::log_softmax(teacher.detach().to(at::kFloat) / temperature, /*dim=*/1);
  const Tensor given = at::log_softmax(student.to(at::kFloat) / temperature, /*dim=*/1);
  return (wanted.exp() * (wanted - given)).sum() * (temperature * temperature / static_cast<double>(student.size(0)));
}

AuxiliaryPath::AuxiliaryPath(const ModelOptions& options)
    : fusion(make_fusion(options.dim, with_fusion(options).fusion)),
      norm(options.dim),
      head(options.dim, options.classes),
      pool(options.pool) {
  add("fusion", *fusion);
  add(pool == Pool::mean ? "fc_norm" : "norm", norm);
  add("head_aux", head);
}

Tensor AuxiliaryPath::fused(const Tensor& tokens) const {
  return (*fusion)(tokens);
}

Tensor AuxiliaryPath::logits(const Tensor& fused) const {
  const Tensor pooled =
      pool == Pool::mean ? fused.slice(1, 1).mean(1, /*keepdim=*/false, norm.weight.scalar_type()) : fused.select(1, 0);
  return head(norm(pooled));
}

Tensor AuxiliaryPath::dissimilarity(const Tensor& tokens, const Tensor& fused) const {
  return unlikeness(tokens, fused.detach());
}

}  // namespace luvit
