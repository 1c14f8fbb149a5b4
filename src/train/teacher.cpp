#include "luvit/train/teacher.h"

#include <ATen/ATen.h>

#include "luvit/core/error.h"
#include "luvit/core/log.h"
#include "luvit/core/text.h"
#include "luvit/models/costs.h"
#include "luvit/models/initial_values.h"
#include "luvit/models/precision.h"

namespace luvit {

namespace {

bool at_block(const DistillOptions& options) {
  return teacher_block(options.teacher_point).has_value();
}

std::string tap_of(const DistillOptions& options) {
  if (options.teacher_point == "l2") return {};
  const auto block = teacher_block(options.teacher_point);
  return block ? block_tap(*block) : options.teacher_point;
}

// [1,3,1,1]
at::Tensor channels(const std::vector<double>& values, const at::Tensor& like) {
  return at::tensor(values, like.options()).view({1, 3, 1, 1});
}

}  // namespace

Teacher::Teacher(const DistillOptions& options, const OpenedModel& description, const RunConfig& student,
                 at::Device device)
    : source_(options.teacher),
      tap_(tap_of(options)),
      at_block_(at_block(options)),
      description_(description),
      compute_(compute_type(student.train.precision)),
      device_(device),
      mean_(student.data.mean),
      std_(student.data.std),
      model_(make_model(description)) {
  if (!device.is_meta()) return;  // else a plan: nothing will be loaded
  to_meta(*model_, frozen());
  rest();
}

void Teacher::rest() {
  for (const NamedTensor& named : model_->named_tensors()) named.tensor->set_requires_grad(false);
  model_->train(false);
}

at::ScalarType Teacher::frozen() const {
  return frozen_type(description_.options.fusion, compute_);
}

FrozenReference Teacher::load(const FrozenReference* then) {
  const FrozenReference now{
      .kind = FrozenReference::Kind::file, .source = source_, .layer = -1, .sha256 = hash_of_weights(source_)};
  if (then && then->sha256 != now.sha256)
    throw DataError(str("distill.teacher: ", escape(source_), " has SHA-256 ", now.sha256,
                        ", the checkpoint's run had ", then->sha256.empty() ? "none" : then->sha256),
                    "bring back the teacher that the run was started with");
  load_model(*model_, source_, frozen());
  to_device(*model_, device_);
  rest();
  log_info(str("teacher ", escape(source_), ": ", kind_name(description_.kind), ", ",
               human_count(static_cast<double>(count_parameters(*model_).total)), " parameters, SHA-256 ", now.sha256));
  return now;
}

Taps Teacher::taps() const {
  return tap_.empty() ? Taps() : Taps({tap_});
}

at::Tensor Teacher::at_point(const at::Tensor& features, const Taps& taps) const {
  return tap_.empty() ? features : taps[tap_];
}

at::Tensor Teacher::own_view(const at::Tensor& images) const {
  const Preprocess& own = description_.preprocess;
  if (own.mean == mean_ && own.std == std_) return images;
  const at::Tensor scale = channels(std_, images) / channels(own.std, images);
  return images * scale + (channels(mean_, images) - channels(own.mean, images)) / channels(own.std, images);
}

Teacher::Shown Teacher::look(const at::Tensor& images, bool with_logits) const {
  const at::NoGradGuard no_gradients;
  Taps wanted = taps();
  if (!with_logits && at_block_) {
    model_->encode(own_view(images), /*drop_path=*/{}, &wanted);
    return {.tokens = wanted[tap_], .logits = {}};
  }
  const at::Tensor features = model_->features(own_view(images), /*drop_path=*/{}, &wanted);
  Shown shown{.tokens = at_point(features, wanted), .logits = {}};
  if (with_logits) shown.logits = dynamic_cast<const Classifier&>(*model_).logits_of(features);
  return shown;
}

at::Tensor Teacher::look_at_patches(const at::Tensor& images, const at::Tensor& keep) const {
  const at::NoGradGuard no_gradients;
  Taps wanted = taps();
  if (at_block_) {
    model_->encode_of(own_view(images), keep, &wanted);
    return wanted[tap_];
  }
  return at_point(model_->features_of(own_view(images), keep, &wanted), wanted);
}

std::int64_t Teacher::width() const {
  return tap_ == "llm" ? description_.options.fusion.dim : description_.options.dim;
}

void require_teacher(const DistillOptions& options, const OpenedModel& teacher, const ModelOptions& student,
                     const std::vector<std::string>& classes) {
  const std::string name = str("distill.teacher: ", escape(options.teacher));
  const ModelOptions& there = teacher.options;
  if (there.image_size != student.image_size || there.patch_size != student.patch_size)
    throw DataError(str(name, " has images of ", there.image_size, "² in patches of ", there.patch_size,
                        "², the student of ", student.image_size, "² in ", student.patch_size, "²"),
                    "tokens are compared one by one: both need the same grid of patches");
  const auto block = teacher_block(options.teacher_point);
  if (block && *block >= there.depth)
    throw DataError(str(name, " has ", there.depth, " blocks, and distill.teacher_point is ", options.teacher_point),
                    str("l2, llm, or block1 to block", there.depth));
  if (options.teacher_point == "llm" && there.fusion.kind != FusionKind::llama)
    throw DataError(str(name, " has no language block, and distill.teacher_point is llm"),
                    "l2 is what its head or decoder sees, fused or not");
  if (options.student_layer && *options.student_layer > student.depth)
    throw UsageError(
        str("distill.student_layer: ", *options.student_layer, ", but the student has ", student.depth, " blocks"));
  const bool logits = options.mode == DistillMode::finetune && options.w_kd > 0;
  if (logits && teacher.kind != ModelKind::classifier)
    throw DataError(str(name, ": ", kind_name(teacher.kind), " weights have no logits to learn from"),
                    "name a fine-tuned teacher, or set distill.w_kd to 0");
  if (!logits || classes.empty()) return;
  if (there.classes != std::ssize(classes) || (!teacher.classes.empty() && teacher.classes != classes))
    throw DataError(
        str(name, " tells ", there.classes, " classes apart, which are not the ", classes.size(), " of data.train"),
        "logits are compared one by one: fine-tune the teacher on the same classes, or set distill.w_kd to 0");
}

double teacher_bytes(const OpenedModel& teacher, Precision precision) {
  const ParameterCounts counts = count_parameters(*make_model(teacher));
  const auto frozen = static_cast<double>(counts.frozen);
  return 4 * (static_cast<double>(counts.total) - frozen) +
         static_cast<double>(at::elementSize(frozen_type(teacher.options.fusion, compute_type(precision)))) * frozen;
}

double teacher_flops(const DistillOptions& options, const OpenedModel& teacher, std::int64_t patches,
                     std::int64_t images) {
  const bool logits = options.mode == DistillMode::finetune && options.w_kd > 0;
  ModelOptions run = teacher.options;
  if (!logits && at_block(options)) run.fusion.kind = FusionKind::none;
  return encoder_forward_flops(run, patches, images);  // every token is looked at; a head is nothing beside it
}

}  // namespace luvit
