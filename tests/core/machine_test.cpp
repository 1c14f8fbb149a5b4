#include "luvit/core/machine.h"

#include <gtest/gtest.h>

namespace luvit {
namespace {

TEST(Machine, PeakMemoryCoversWhatWasTouched) {
  const std::int64_t before = peak_memory_bytes();
  std::vector<char> touched(std::size_t{1} << 28, 1);
  EXPECT_GE(peak_memory_bytes(), before);
  EXPECT_GE(peak_memory_bytes(), static_cast<std::int64_t>(touched.size()));
}

TEST(Machine, MatmulSpeedIsPlausible) {
  const double speed = matmul_speed(at::kCPU, at::kFloat);
  EXPECT_GT(speed, 1e8);
  EXPECT_LT(speed, 1e15);
}

}  // namespace
}  // namespace luvit
