#pragma once
#include <memory>

#include "luvit/train/distill_options.h"
#include "luvit/train/run_config.h"
#include "luvit/weights/frozen_reference.h"
#include "luvit/weights/model_file.h"

namespace luvit {

// A finished model that shows a student its tokens and logits. Nothing of it is trained or saved with the student.
class Teacher {
 public:
  // `description`: of options.teacher. Its weights are on meta until load(), which a plan (device meta) leaves out.
  Teacher(const DistillOptions& options, const OpenedModel& description, const RunConfig& student, at::Device device);

  // Reads the weights. What they are, by source and SHA-256; DataError unless it is what `then` names (nullptr:
  // nothing).
  FrozenReference load(const FrozenReference* then);

  struct Shown {
    at::Tensor tokens;  // [B,T,E] at teacher_point
    at::Tensor logits;  // [B,classes], of a classifier
  };
  // Without gradients. Images as the student sees them, brought to the teacher's own mean and deviation.
  Shown look(const at::Tensor& images, bool with_logits) const;
  at::Tensor look_at_patches(const at::Tensor& images, const at::Tensor& keep) const;  // [B,1+K,E]
  std::int64_t width() const;                                                          // E

 private:
  at::ScalarType frozen() const;  // the type that its block is kept in
  void rest();                    // nothing trains or drops
  at::Tensor own_view(const at::Tensor& images) const;
  at::Tensor at_point(const at::Tensor& features, const Taps& taps) const;
  Taps taps() const;

  std::string source_, tap_;  // tap_: "": the features
  bool at_block_;             // whose tokens, so that the fusion need not run
  OpenedModel description_;
  at::ScalarType compute_;
  at::Device device_;
  std::vector<double> mean_, std_;  // of the student's images
  std::unique_ptr<Encoder> model_;
};

// What a teacher needs to have for this student: the same grid of patches, the point, the classes. DataError naming the
// values of both. `classes`: of the student's data, empty while they are not known.
void require_teacher(const DistillOptions& options, const OpenedModel& teacher, const ModelOptions& student,
                     const std::vector<std::string>& classes);

// Of its weights in memory.
double teacher_bytes(const OpenedModel& teacher, Precision precision);
// Operations of its forward pass for one image.
double teacher_flops(const DistillOptions& options, const OpenedModel& teacher, std::int64_t patches,
                     std::int64_t images);

}  // namespace luvit
