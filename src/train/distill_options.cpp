#include "luvit/train/distill_options.h"

#include <algorithm>
#include <cmath>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/weights/transfer.h"

namespace luvit {

namespace {

void declare_features(Schema& schema, DistillOptions& options, const char* mode) {
  schema.add("distill.teacher", options.teacher, "a finished model of this project; never trained, in no checkpoint")
      .when(mode);
  schema
      .add("distill.loss", options.feature.loss, "between the student's tokens and the teacher's",
           {{"smooth_l1", FeatureLoss::smooth_l1}, {"mse", FeatureLoss::mse}, {"cosine", FeatureLoss::cosine}})
      .when(mode);
  schema.add("distill.beta", options.feature.beta, "where smooth L1 goes over from the square to the modulus")
      .range(0, unbounded)
      .above_low()
      .when(mode);
  schema
      .add("distill.target_norm", options.feature.target_norm,
           "of the teacher's tokens; ln: LayerNorm without scale and shift",
           {{"ln", TargetNorm::ln}, {"none", TargetNorm::none}})
      .when(mode);
  schema
      .add("distill.projector", options.feature.projector, "of the student's tokens, dropped with the teacher",
           {{"linear", true}, {"none", false}})
      .when(mode);
  schema.add("distill.student_layer", options.student_layer, "whose block's output is compared, from 1; null: the last")
      .range(1, 10000)
      .when(mode);
  schema
      .add("distill.teacher_point", options.teacher_point,
           "l2: what its head or decoder sees; llm: the language block's output; blockN: its ViT block N, from 1")
      .when(mode);
  schema.add("distill.w_task", options.w_task, "weight of the student's own loss").range(0, unbounded).when(mode);
  schema.add("distill.w_feat", options.w_feat, "weight of the tokens' loss").range(0, unbounded).when(mode);
  schema.add("distill.include_cls", options.feature.include_cls, "compare the class token too").when(mode);
}

void declare_schedule(Schema& schema, DistillOptions& options, const char* modes) {
  schema
      .add("distill.schedule", options.schedule,
           "of the weights of what is distilled; cosine: falls to 0 at the end; warmup: rises from 0",
           {{"constant", DistillSchedule::constant},
            {"cosine", DistillSchedule::cosine},
            {"warmup", DistillSchedule::warmup}})
      .when(modes);
  schema.add("distill.warmup_epochs", options.warmup_epochs, "length of that rise")
      .range(0, unbounded)
      .above_low()
      .units("epochs")
      .when("distill.schedule=warmup");
}

void declare_student(Schema& schema, DistillOptions& options, const char* mode) {
  schema
      .add("distill.student_init", options.student_init,
           "mae: init.weights; teacher_vit: the teacher's own ViT, without its fusion; auto: init.weights where "
           "written, else scratch",
           {{"auto", StudentInit::automatic},
            {"scratch", StudentInit::scratch},
            {"mae", StudentInit::mae},
            {"teacher_vit", StudentInit::teacher_vit}})
      .when(mode);
}

}  // namespace

void declare_distill_pretraining(Schema& schema, DistillOptions& options) {
  const char* const feature = "distill.mode=feature";
  schema.section("distill", "learning from a finished LUViT; the student is a plain ViT (model.fusion.kind: none)");
  schema.add("distill.mode", options.mode, "feature: the teacher's tokens of the visible patches, same crop and mask",
             {{"none", DistillMode::none}, {"feature", DistillMode::feature}});
  schema.kind("distill.mode");
  declare_features(schema, options, feature);
  declare_schedule(schema, options, feature);
  declare_student(schema, options, feature);
}

void declare_distill_fine_tuning(Schema& schema, DistillOptions& options) {
  const char* const finetune = "distill.mode=finetune";
  const char* const path = "distill.mode=aux_path";
  schema.section("distill",
                 "learning from a finished LUViT, or from a path through the block that is dropped afterwards");
  schema.add("distill.mode", options.mode,
             "finetune: the teacher's logits and tokens; aux_path: no teacher, an auxiliary path through model.fusion "
             "(after the abstract of Bai et al., AAAI 2025), which is not part of what is saved",
             {{"none", DistillMode::none}, {"finetune", DistillMode::finetune}, {"aux_path", DistillMode::aux_path}});
  schema.kind("distill.mode");
  declare_features(schema, options, finetune);
  schema.add("distill.w_kd", options.w_kd, "weight of the logits' divergence").range(0, unbounded).when(finetune);
  schema.add("distill.temperature", options.temperature, "that the logits are divided by")
      .range(0, unbounded)
      .above_low()
      .when(finetune);
  schema.add("distill.lambda", options.lambda, "weight of the cross entropy behind the path")
      .range(0, unbounded)
      .above_low()
      .when(path);
  schema.add("distill.mu", options.mu, "weight of 1 − cos between the tokens and what the path makes of them")
      .range(0, unbounded)
      .when(path);
  declare_schedule(schema, options, "distill.mode=finetune|aux_path");
  declare_student(schema, options, finetune);
}

std::vector<Problem> distill_problems(const DistillOptions& options, const std::string& init_weights) {
  std::vector<Problem> problems;
  if (!options.has_teacher()) return problems;
  if (options.teacher.empty())
    problems.push_back({"distill.teacher", "required for this mode: a weights file or a checkpoint folder"});
  try {
    (void)teacher_block(options.teacher_point);
  } catch (const UsageError& error) {
    problems.push_back({"distill.teacher_point", error.what()});
  }
  if (options.student_init == StudentInit::mae && init_weights.empty())
    problems.push_back({"distill.student_init", "mae, but init.weights names none"});
  if ((options.student_init == StudentInit::teacher_vit || options.student_init == StudentInit::scratch) &&
      !init_weights.empty())
    problems.push_back({"init.weights", "contradicts distill.student_init, which says what the student starts from"});
  if (options.w_feat == 0 && (options.mode == DistillMode::feature || options.w_kd == 0))
    problems.push_back({"distill.w_feat", "0, so nothing is learned from the teacher"});
  return problems;
}

std::string student_weights(const DistillOptions& options, const std::string& init_weights) {
  return options.has_teacher() && options.student_init == StudentInit::teacher_vit ? options.teacher : init_weights;
}

void settle_student(ModelOptions& student, const std::string& weights, const Written& written) {
  OpenedModel plain = describe_model(weights);
  plain.options.fusion = student.fusion;
  settle_model_options(student, plain, written.keys, weights);
  if (plain.kind != ModelKind::pretraining) return;
  const DecoderOptions& there = plain.options.decoder;
  const auto settle = [&](const char* key, std::int64_t& value, std::int64_t found) {
    if (!written.has(key)) value = found;
  };
  settle("model.decoder.dim", student.decoder.dim, there.dim);
  settle("model.decoder.depth", student.decoder.depth, there.depth);
  settle("model.decoder.heads", student.decoder.heads, there.heads);
}

double distill_factor(const DistillOptions& options, double epoch, double epochs) {
  switch (options.schedule) {
    case DistillSchedule::constant:
      return 1;
    case DistillSchedule::cosine:
      return 0.5 * (1 + std::cos(M_PI * std::min(1.0, epoch / epochs)));
    case DistillSchedule::warmup:
      return std::min(1.0, epoch / options.warmup_epochs);
  }
  return 1;
}

std::optional<std::int64_t> teacher_block(const std::string& point) {
  if (point == "l2" || point == "llm") return std::nullopt;
  const std::string digits = point.starts_with("block") ? point.substr(5) : "";
  const bool number = !digits.empty() && digits.size() < 6 && digits[0] != '0' &&
                      std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return std::isdigit(c); });
  if (!number) throw UsageError(str("'", escape(point), "'; expected l2, llm or blockN with N from 1"));
  return std::stoll(digits) - 1;
}

}  // namespace luvit
