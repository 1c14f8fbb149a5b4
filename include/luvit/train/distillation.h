#pragma once
#include "luvit/train/beside.h"
#include "luvit/train/fine_tuning.h"
#include "luvit/train/pretraining.h"
#include "luvit/train/teacher.h"

namespace luvit {

// Training of a plain ViT that learns from more than its task: from a teacher's tokens (Wei et al. 2022, Feature
// Distillation) and logits (Hinton et al. 2015), or through a path of its own. What stands beside it (a projection,
// that path) trains with it and is in no weights (beside.h); a teacher is in no checkpoint at all.

// Where a run is, for the weights of what is distilled.
struct DistillClock {
  std::int64_t steps_per_epoch = 1;
  double epochs = 1;
  double factor(const DistillOptions& options, std::int64_t step) const;
};

// MAE's loss and the distance of the visible tokens from the teacher's: the same crop, the same mask.
class FeatureDistillation : public Pretraining {
 public:
  FeatureDistillation(const PretrainConfig& config, const TaskParts& parts, const OpenedModel& teacher);
  Module& trained() override { return with_match_; }
  FrozenReference give_guidance(const ResumePoint* point) override;
  std::vector<std::string> loss_parts() const override { return {"task", "feat"}; }

 protected:
  at::Tensor objective(const at::Tensor& images, const at::Tensor& noise, std::int64_t step) override;

 private:
  PretrainConfig config_;
  DistillClock clock_;
  Teacher teacher_;
  FeatureMatch match_;
  Beside with_match_;
};

// Cross entropy, the divergence from the teacher's logits and the distance from its tokens: the same mixed image; the
// teacher drops no branch.
class FineTuningDistillation : public FineTuning {
 public:
  FineTuningDistillation(const FinetuneConfig& config, const TaskParts& parts, std::vector<std::string> classes,
                         const OpenedModel& teacher);
  Module& trained() override { return with_match_; }
  FrozenReference give_guidance(const ResumePoint* point) override;
  std::vector<std::string> loss_parts() const override;

 protected:
  at::Tensor objective(const at::Tensor& images, const at::Tensor& masks, const at::Tensor& targets,
                       std::int64_t step) override;

 private:
  FinetuneConfig config_;
  DistillClock clock_;
  Teacher teacher_;
  std::unique_ptr<FeatureMatch> match_;  // none where w_feat is 0
  Beside with_match_;
};

// Cross entropy, and λ times that of a path through config.model.fusion, whose gradient reaches the ViT too.
class AuxiliaryPathTraining : public FineTuning {
 public:
  AuxiliaryPathTraining(const FinetuneConfig& config, const TaskParts& parts, std::vector<std::string> classes);
  Module& trained() override { return with_path_; }
  FrozenReference give_guidance(const ResumePoint* point) override;
  std::vector<std::string> loss_parts() const override;

 protected:
  at::Tensor objective(const at::Tensor& images, const at::Tensor& masks, const at::Tensor& targets,
                       std::int64_t step) override;

 private:
  FinetuneConfig config_;  // with the path's fusion
  DistillClock clock_;
  AuxiliaryPath path_;
  Beside with_path_;
};

// The model that stays when the path is dropped.
FinetuneConfig without_path(FinetuneConfig config);

}  // namespace luvit
