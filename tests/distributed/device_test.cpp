#include "luvit/distributed/device.h"

#include <gtest/gtest.h>

#include "luvit/core/error.h"

namespace luvit::test {
namespace {

struct Case {
  DeviceChoice choice;
  std::int64_t gpus, local_rank;
  const char* launcher;
  bool devices_set;  // CUDA_VISIBLE_DEVICES
};

// "cpu", "cuda:1", or the line of a UsageError.
std::string decision(const Case& c) {
  const Environment environment = [&](const std::string& name) {
    return c.devices_set && name == "CUDA_VISIBLE_DEVICES" ? std::optional<std::string>("GPU-5e3f") : std::nullopt;
  };
  try {
    const Place place{.rank = c.local_rank, .ranks = 8, .local_rank = c.local_rank, .launcher = c.launcher};
    return device_name(device_of_rank(c.choice, c.gpus, place, environment));
  } catch (const UsageError& error) {
    return error.what();
  }
}

constexpr auto automatic = DeviceChoice::automatic, cpu = DeviceChoice::cpu, cuda = DeviceChoice::cuda;

TEST(Device, EachRankHasItsOwnGpu) {
  EXPECT_EQ(decision({automatic, 4, 3, "torchrun", false}), "cuda:3");
  EXPECT_EQ(decision({cuda, 1, 0, "--ranks", false}), "cuda:0");
  for (const char* launcher : {"--ranks", "torchrun", "SLURM", "OpenMPI"})
    for (const auto choice : {automatic, cuda})
      EXPECT_NE(decision({choice, 2, 2, launcher, false}).find("rank 2 on this machine has no GPU of its own"),
                std::string::npos)
          << launcher;
}

TEST(Device, OneVisibleGpuIsTheRanksOwnOnlyWhereTheLauncherMaySaySo) {
  for (const char* launcher : {"SLURM", "OpenMPI"}) EXPECT_EQ(decision({cuda, 1, 3, launcher, false}), "cuda:0");
  EXPECT_EQ(decision({cuda, 1, 3, "torchrun", true}), "cuda:0");
  const std::string refused = "rank 1 on this machine has no GPU of its own: there is 1";
  EXPECT_EQ(decision({automatic, 1, 1, "--ranks", false}), refused);
  EXPECT_EQ(decision({cuda, 1, 1, "--ranks", true}), refused);
  EXPECT_EQ(decision({cuda, 1, 1, "torchrun", false}), refused);
}

TEST(Device, WithoutAGpuOnlyCudaIsRefused) {
  EXPECT_EQ(decision({automatic, 0, 1, "--ranks", false}), "cpu");
  EXPECT_EQ(decision({cpu, 4, 5, "--ranks", false}), "cpu");
  EXPECT_EQ(decision({cuda, 0, 0, "", false}), "train.device: cuda, but no CUDA device is found on this machine");
}

}  // namespace
}  // namespace luvit::test
