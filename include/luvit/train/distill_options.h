#pragma once
#include <optional>
#include <string>

#include "luvit/config/schema.h"
#include "luvit/models/distillation.h"
#include "luvit/weights/model_file.h"

namespace luvit {

enum class DistillMode {
  none,
  feature,   // luvit_pretrain: the teacher's tokens, beside MAE's loss
  finetune,  // luvit_finetune: the teacher's logits and tokens, beside the cross entropy
  aux_path,  // luvit_finetune: no teacher; a path through model.fusion that is dropped afterwards
};
enum class DistillSchedule { constant, cosine, warmup };
enum class StudentInit { automatic, scratch, mae, teacher_vit };

struct DistillOptions {
  DistillMode mode = DistillMode::none;
  std::string teacher;  // weights file or checkpoint folder
  FeatureMatch::Options feature;
  std::optional<std::int64_t> student_layer;  // counted from 1; none: the last
  std::string teacher_point = "l2";           // l2 | llm | blockN, N from 1
  double w_task = 1, w_feat = 1, w_kd = 1;
  double temperature = 4;
  double lambda = 0.5, mu = 0;  // aux_path's
  DistillSchedule schedule = DistillSchedule::constant;
  double warmup_epochs = 5;
  StudentInit student_init = StudentInit::automatic;

  bool on() const { return mode != DistillMode::none; }
  bool has_teacher() const { return mode == DistillMode::feature || mode == DistillMode::finetune; }
};

// `distill.*` of luvit_pretrain, and of luvit_finetune.
void declare_distill_pretraining(Schema& schema, DistillOptions& options);
void declare_distill_fine_tuning(Schema& schema, DistillOptions& options);
// The rules between these keys and the student's that hang on no weights. `init_weights`: what the student starts from.
std::vector<Problem> distill_problems(const DistillOptions& options, const std::string& init_weights);

// Where the student's first weights are; "": initial values.
std::string student_weights(const DistillOptions& options, const std::string& init_weights);

// Sizes of the student that nobody wrote come from those weights, a decoder's too where it has one; their fusion does
// not count. DataError where a written one contradicts them.
void settle_student(ModelOptions& student, const std::string& weights, const Written& written);

// What the weights of what is distilled are multiplied with at a fractional epoch of so many.
double distill_factor(const DistillOptions& options, double epoch, double epochs);

// The block that teacher_point names, from 0; nullopt where it is none. UsageError where it is not of the known forms.
std::optional<std::int64_t> teacher_block(const std::string& teacher_point);

}  // namespace luvit
