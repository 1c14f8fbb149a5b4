#include "luvit/train/teacher.h"

#include <gtest/gtest.h>

#include "luvit/models/costs.h"

namespace luvit {
namespace {

// It looks at every token and its fusion runs on all of them, whatever a classifier alone would pool.
TEST(TeacherFlops, AreOfWhatIsLookedAt) {
  OpenedModel teacher{.kind = ModelKind::classifier};
  const std::int64_t patches = teacher.options.patches(), images = 8;
  const double whole = encoder_forward_flops(teacher.options, patches, images);
  ModelOptions unfused = teacher.options;
  unfused.fusion.kind = FusionKind::none;
  const double blocks = encoder_forward_flops(unfused, patches, images);
  ASSERT_GT(whole, classifier_forward_flops(teacher.options, images));

  DistillOptions options{.mode = DistillMode::finetune};
  EXPECT_EQ(teacher_flops(options, teacher, patches, images), whole);
  options.teacher_point = "block6";  // its logits come after the fusion all the same
  EXPECT_EQ(teacher_flops(options, teacher, patches, images), whole);
  options.w_kd = 0;
  EXPECT_EQ(teacher_flops(options, teacher, patches, images), blocks);
  options.mode = DistillMode::feature;
  EXPECT_EQ(teacher_flops(options, teacher, 49, images), encoder_forward_flops(unfused, 49, images));
}

}  // namespace
}  // namespace luvit
