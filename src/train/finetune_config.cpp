#include "luvit/train/finetune_config.h"

namespace luvit {

FinetuneConfig::FinetuneConfig() {
  model.drop_path = 0.1;
  optim.base_lr = 1e-3;
  optim.betas = {0.9, 0.999};
  optim.warmup_epochs = 5;
  optim.min_lr = 1e-6;
  optim.layer_decay = 0.75;
  train.batch_size = 1024;
  eval.every_epochs = 1;
}

void declare(Schema& schema, FinetuneConfig& config) {
  schema.add("task", config.task, "classification: all weights train; linear_probe: a linear classifier on frozen ones",
             {{"classification", FinetuneTask::classification},
              {"linear_probe", FinetuneTask::linear_probe},
              {"detection", FinetuneTask::detection}});
  schema.section("init", "what the model starts from");
  schema.add("init.weights", config.init.weights,
             "a model of this project or a checkpoint folder; null: from scratch (foreign ones: luvit_convert import)");
  declare_run(schema, config);
  declare_augment(schema, config.augment);
  declare_distill_fine_tuning(schema, config.distill);

  const char* const probe = "task=linear_probe";
  for (const auto& [key, value] : {std::pair{"model.drop_path", "0"},
                                   {"model.pool", "cls"},
                                   {"optim.kind", "lars"},
                                   {"optim.base_lr", "0.1"},
                                   {"optim.weight_decay", "0"},
                                   {"optim.warmup_epochs", "10"},
                                   {"optim.min_lr", "0"},
                                   {"optim.layer_decay", "1"},
                                   {"train.batch_size", "16384"}})
    schema.field(key).default_when(probe, value);
  for (const char* key : {"augment.rand_augment.ops", "augment.rand_augment.magnitude", "augment.rand_augment.std",
                          "augment.random_erase", "augment.mixup", "augment.cutmix", "augment.label_smoothing",
                          "augment.mix_group", "train.ema", "gsnr.every_steps", "gsnr.micro_batch", "distill.mode"})
    schema.field(key).when("task=classification");
}

std::vector<Problem> finetune_problems(const FinetuneConfig& config) {
  if (config.task == FinetuneTask::detection)
    return {{"task", "detection is not in this version; expected classification or linear_probe"}};
  std::vector<Problem> problems = run_problems(config);
  const auto add = [&](const std::vector<Problem>& more) { problems.insert(problems.end(), more.begin(), more.end()); };
  if (config.init.weights.empty()) add(vit_problems(config.model));  // else the weights' sizes come in first
  add(check_crop(config.augment.crop));
  add(distill_problems(config.distill, config.init.weights));
  if (config.gsnr.every_steps && (config.augment.mix.mixup > 0 || config.augment.mix.cutmix > 0))
    add({{"gsnr.every_steps",
          "samples are mixed with one another, so their gradients are not their own; set augment.mixup and "
          "augment.cutmix to 0, or measure checkpoints by `luvit_eval gsnr`"}});
  const FusionOptions& fusion = config.model.fusion;
  const bool llama = fusion.kind == FusionKind::llama, from_scratch = config.init.weights.empty();
  if (config.distill.has_teacher() && from_scratch && fusion.kind != FusionKind::none)
    add({{"model.fusion.kind", "a student is a plain ViT; write model.fusion.kind: none"}});
  else if (config.distill.mode == DistillMode::aux_path && fusion.kind == FusionKind::none)
    add({{"model.fusion.kind", "none, so there is no path for distill.mode: aux_path; write llama or mlp"}});
  else if (config.distill.mode == DistillMode::aux_path && llama && fusion.weights.empty())
    add({{"model.fusion.weights",
          "required for the path's kind: llama; a block file, a Meta or Hugging Face folder, or random"}});
  else if (from_scratch && llama && fusion.weights.empty())
    add({{"model.fusion.weights",
          "required for kind: llama without init.weights; a block file, a Meta or Hugging Face folder, or random"}});
  if (config.task == FinetuneTask::linear_probe && config.init.weights.empty())
    add({{"init.weights", "required for task: linear_probe; there is nothing to probe in weights from scratch"}});
  return problems;
}

}  // namespace luvit
