#include "luvit/train/distillation.h"

#include <ATen/ATen.h>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/models/initial_values.h"
#include "luvit/models/precision.h"
#include "luvit/train/run_weights.h"

namespace luvit {

namespace {

DistillClock clock_of(const RunConfig& config, const TaskParts& parts) {
  const Length length = training_length(config.train, parts.train->size());
  return {.steps_per_epoch = length.steps_per_epoch, .epochs = length.epochs};
}

std::string student_tap(const RunConfig& config, const DistillOptions& options) {
  return block_tap(options.student_layer.value_or(config.model.depth) - 1);
}

const FrozenReference* guide_of(const ResumePoint* point) {
  return point ? &point->state.guide : nullptr;
}

// Initial values, on the device.
void initialise_beside(Module& module, const RunConfig& config, at::Device device) {
  initialise(module, config.model, {.seed = config.train.seed});
  to_device(module, device);
}

// A loss and what it is the sum of.
class WeightedSum {
 public:
  void add(double weight, const at::Tensor& part) {
    total_ = total_.defined() ? total_ + weight * part : weight * part;
    parts_.push_back(part.detach());
  }
  // [1 + parts], as Task::loss gives them.
  at::Tensor with_parts() const {
    std::vector<at::Tensor> all = {total_};
    all.insert(all.end(), parts_.begin(), parts_.end());
    return at::stack(all);
  }

 private:
  at::Tensor total_;
  std::vector<at::Tensor> parts_;
};

}  // namespace

double DistillClock::factor(const DistillOptions& options, std::int64_t step) const {
  return distill_factor(options, static_cast<double>(step - 1) / static_cast<double>(steps_per_epoch), epochs);
}

FeatureDistillation::FeatureDistillation(const PretrainConfig& config, const TaskParts& parts,
                                         const OpenedModel& teacher)
    : Pretraining(config, parts),
      config_(config),
      clock_(clock_of(config, parts)),
      teacher_(config.distill, teacher, config, parts.device),
      match_(config.model.dim, teacher_.width(), config.distill.feature),
      with_match_(autoencoder(), &match_) {}

FrozenReference FeatureDistillation::give_guidance(const ResumePoint* point) {
  initialise_beside(match_, config_, device());
  return teacher_.load(guide_of(point));
}

at::Tensor FeatureDistillation::objective(const at::Tensor& images, const at::Tensor& noise, std::int64_t step) {
  const DistillOptions& options = config_.distill;
  const std::string tap = student_tap(config_, options);
  Taps taps({tap});
  const at::Tensor task = autoencoder().loss(images, noise, &taps);
  const std::int64_t kept = kept_patches(config_.model.patches(), config_.mae.mask_ratio);
  const at::Tensor wanted = teacher_.look_at_patches(images, random_masking(noise, kept).keep);
  WeightedSum loss;
  loss.add(options.w_task, task);
  loss.add(options.w_feat * clock_.factor(options, step), match_(taps[tap], wanted));
  return loss.with_parts();
}

FineTuningDistillation::FineTuningDistillation(const FinetuneConfig& config, const TaskParts& parts,
                                               std::vector<std::string> classes, const OpenedModel& teacher)
    : FineTuning(config, parts, std::move(classes)),
      config_(config),
      clock_(clock_of(config, parts)),
      teacher_(config.distill, teacher, config, parts.device),
      match_(config.distill.w_feat > 0
                 ? std::make_unique<FeatureMatch>(config.model.dim, teacher_.width(), config.distill.feature)
                 : nullptr),
      with_match_(classifier(), match_.get()) {}

FrozenReference FineTuningDistillation::give_guidance(const ResumePoint* point) {
  if (match_) initialise_beside(*match_, config_, device());
  return teacher_.load(guide_of(point));
}

at::Tensor FineTuningDistillation::objective(const at::Tensor& images, const at::Tensor& masks,
                                             const at::Tensor& targets, std::int64_t step) {
  const DistillOptions& options = config_.distill;
  const double factor = clock_.factor(options, step);
  const std::string tap = student_tap(config_, options);
  Taps taps({tap});
  const at::Tensor logits = classifier().logits_of(classifier().features(images, masks, &taps));
  const Teacher::Shown shown = teacher_.look(images, /*with_logits=*/options.w_kd > 0);
  WeightedSum loss;
  loss.add(options.w_task, soft_cross_entropy(logits, targets));
  if (options.w_kd > 0) loss.add(options.w_kd * factor, logit_divergence(logits, shown.logits, options.temperature));
  if (match_) loss.add(options.w_feat * factor, (*match_)(taps[tap], shown.tokens));
  return loss.with_parts();
}

std::vector<std::string> FineTuningDistillation::loss_parts() const {
  std::vector<std::string> names = {"task"};
  if (config_.distill.w_kd > 0) names.push_back("kd");
  if (match_) names.push_back("feat");
  return names;
}

FinetuneConfig without_path(FinetuneConfig config) {
  config.model.fusion = {};
  config.model.fusion.kind = FusionKind::none;
  return config;
}

AuxiliaryPathTraining::AuxiliaryPathTraining(const FinetuneConfig& config, const TaskParts& parts,
                                             std::vector<std::string> classes)
    : FineTuning(without_path(config), parts, std::move(classes)),
      config_(config),
      clock_(clock_of(config, parts)),
      path_(config.model),
      with_path_(classifier(), &path_) {}

// The path's fusion is a run's own: from fusion.weights, with an adapter where one is named.
FrozenReference AuxiliaryPathTraining::give_guidance(const ResumePoint* point) {
  std::optional<ResumePoint> guide;
  if (point) {
    guide = *point;
    guide->state.frozen = point->state.guide;
  }
  const FrozenReference block = give_weights(path_, config_, /*from=*/"", guide ? &*guide : nullptr);
  to_device(path_, device());
  return block;
}

at::Tensor AuxiliaryPathTraining::objective(const at::Tensor& images, const at::Tensor& masks,
                                            const at::Tensor& targets, std::int64_t step) {
  const DistillOptions& options = config_.distill;
  const double factor = clock_.factor(options, step);
  const at::Tensor tokens = classifier().encode(images, masks);
  const at::Tensor fused = path_.fused(tokens);
  WeightedSum loss;
  loss.add(1, soft_cross_entropy(classifier().logits_of(tokens), targets));
  loss.add(options.lambda * factor, soft_cross_entropy(path_.logits(fused), targets));
  if (options.mu > 0) loss.add(options.mu * factor, path_.dissimilarity(tokens, fused));
  return loss.with_parts();
}

std::vector<std::string> AuxiliaryPathTraining::loss_parts() const {
  std::vector<std::string> names = {"task", "path"};
  if (config_.distill.mu > 0) names.push_back("dissimilarity");
  return names;
}

}  // namespace luvit
