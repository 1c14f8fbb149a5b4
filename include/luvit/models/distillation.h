#pragma once
#include <memory>

#include "luvit/models/encoder.h"

namespace luvit {

// What a plain ViT, the student, learns besides its task: tokens and logits of a finished model, the teacher, or what
// an auxiliary path through a language block makes of its own tokens. Losses are float32 scalars.

enum class FeatureLoss { smooth_l1, mse, cosine };
enum class TargetNorm { ln, none };  // ln: LayerNorm without scale and shift (Wei et al. 2022, Feature Distillation)

// Mean over all elements (cosine: over all tokens, 1 − cos) of tokens and targets [B,T,E].
Tensor feature_distance(const Tensor& tokens, const Tensor& targets, FeatureLoss loss, double beta);

// The same of a student's tokens [B,T,D] after a linear map of its own, dropped with it, to a teacher's [B,T,E].
struct FeatureMatch : Module {
  struct Options {
    FeatureLoss loss = FeatureLoss::smooth_l1;
    double beta = 2;  // smooth L1's: half the square below it
    TargetNorm target_norm = TargetNorm::ln;
    bool projector = true;
    bool include_cls = false;
  };
  FeatureMatch(std::int64_t student_width, std::int64_t teacher_width, const Options& options);
  Tensor operator()(const Tensor& student, const Tensor& teacher) const;
  std::unique_ptr<Linear> projector;
  Options options;
};

// T²·KL(p_teacher ‖ p_student) of softmax(logits / T), mean over the batch (Hinton et al. 2015). Logits [B,classes].
Tensor logit_divergence(const Tensor& student, const Tensor& teacher, double temperature);

// F = L2·LLM·L1 on the last ViT block's tokens S, with a head of its own (after the abstract of Bai et al., AAAI 2025:
// an extra path back through the block while training). Tensors: fusion.*, fc_norm.* (pool: cls: norm.*), head_aux.*
struct AuxiliaryPath : Module {
  explicit AuxiliaryPath(const ModelOptions& options);  // of the student, with the path's fusion
  Tensor fused(const Tensor& tokens) const;             // F(S), [B,T,D]
  Tensor logits(const Tensor& fused) const;             // [B,classes]
  Tensor dissimilarity(const Tensor& tokens,
                       const Tensor& fused) const;  // mean 1 − cos(S, F(S)); F(S) gets no gradient
  std::unique_ptr<Fusion> fusion;
  LayerNorm norm;
  Linear head;
  Pool pool;
};

}  // namespace luvit
