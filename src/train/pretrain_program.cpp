#include "luvit/train/pretrain_program.h"

#include "luvit/core/files.h"
#include "luvit/core/text.h"
#include "luvit/models/costs.h"
#include "luvit/train/distillation.h"
#include "luvit/train/pretraining.h"
#include "luvit/train/run_weights.h"
#include "luvit/train/training_program.h"

namespace luvit {

namespace {

class PretrainDriver : public Driver {
 public:
  explicit PretrainDriver(PretrainConfig config) : config_(std::move(config)) {}

  RunConfig& config() override { return config_; }
  double default_epochs() const override { return 800; }

  void declare(Schema& schema) override {
    declare_run(schema, config_);
    declare_masking(schema, config_.mae);
    declare_crop(schema, config_.augment);
    declare_distill_pretraining(schema, config_.distill);
    schema.section("init", "what a student starts from");
    schema.add("init.weights", config_.init.weights, "a plain ViT of this project, pretrained by MAE, with its decoder")
        .when("distill.mode=feature");
  }

  std::vector<Problem> problems() const override {
    std::vector<Problem> problems = run_problems(config_);
    const auto add = [&](const std::vector<Problem>& more) {
      problems.insert(problems.end(), more.begin(), more.end());
    };
    if (config_.init.weights.empty()) add(vit_problems(config_.model));
    add(check_crop(config_.augment));
    if (config_.model.image_size % config_.model.patch_size == 0)
      add(check_masking(config_.mae, config_.model.patches()));
    add(distill_problems(config_.distill, config_.init.weights));
    if (config_.distill.on() && config_.model.fusion.kind != FusionKind::none)
      add({{"model.fusion.kind", "a student is a plain ViT; write model.fusion.kind: none"}});
    if (config_.train.ema) add({{"train.ema", "is for fine-tuning; pretraining keeps no average of the weights"}});
    if (config_.model.drop_path != 0)
      add({{"model.drop_path",
            str(exact(config_.model.drop_path), " is for fine-tuning; pretraining drops no paths")}});
    if (config_.model.fusion.kind == FusionKind::llama && config_.model.fusion.weights.empty())
      add({{"model.fusion.weights",
            "required for kind: llama; a block file, a Meta or Hugging Face folder, or random"}});
    return problems;
  }

  std::vector<Problem> problems_of_ranks(std::int64_t ranks) const override {
    return gsnr_problems_of_ranks(config_, ranks);
  }

  void settle_with_weights(const Written& written, bool only_what_exists) override {
    FusionOptions& fusion = config_.model.fusion;
    if (!only_what_exists || path_exists(fusion.weights)) settle_fusion_with_weights(fusion, written);
    const DistillOptions& distill = config_.distill;
    const auto wanted = [&](const std::string& path) { return !only_what_exists || path_exists(path); };
    if (!distill.on()) return;
    const std::string from = student_weights(distill, config_.init.weights);
    if (!from.empty() && wanted(from)) settle_student(config_.model, from, written);
    if (!wanted(distill.teacher)) return;
    teacher_ = describe_model(distill.teacher);
    require_teacher(distill, *teacher_, config_.model, /*classes=*/{});
  }

  TrainingCosts costs(std::int64_t images) const override {
    const std::int64_t kept = kept_patches(config_.model.patches(), config_.mae.mask_ratio);
    const double teacher = teacher_ ? teacher_flops(config_.distill, *teacher_, kept, images) : 0;
    return {.forward_flops = pretraining_forward_flops(config_.model, config_.mae, images),
            .step_flops = pretraining_step_flops(config_.model, config_.mae, images) + teacher,
            .activation_bytes = pretraining_activation_bytes(config_.model, config_.mae, config_.train.precision),
            .teacher_bytes = teacher_ ? teacher_bytes(*teacher_, config_.train.precision) : 0};
  }

  std::unique_ptr<Task> make_task(const TaskParts& parts) const override {
    if (config_.distill.on()) return std::make_unique<FeatureDistillation>(config_, parts, *teacher_);
    return std::make_unique<Pretraining>(config_, parts);
  }

  FrozenReference give_weights(Module& model, const ResumePoint* point) const override {
    return luvit::give_weights(model, config_, student_weights(config_.distill, config_.init.weights), point);
  }

 private:
  PretrainConfig config_;
  std::optional<OpenedModel> teacher_;
};

}  // namespace

std::unique_ptr<Driver> pretrain_driver(PretrainConfig config) {
  return std::make_unique<PretrainDriver>(std::move(config));
}

int pretrain_program(int argc, char** argv) {
  PretrainDriver driver({});
  return training_program("luvit_pretrain", "Pretrains LUViT by masked autoencoding.", driver, argc, argv);
}

}  // namespace luvit
