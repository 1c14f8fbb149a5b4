// Against torchvision's RandomResizedCrop.get_params with the numbers that it drew, scripts/fixtures/data.py.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "luvit/data/transforms.h"

namespace luvit {
namespace {

TEST(ImageParity, CropsAreTorchvisionsGivenItsNumbers) {
  std::ifstream file(LUVIT_SOURCE_DIR "/tests/parity/fixtures/image_crops.json");
  const auto cases = nlohmann::json::parse(file);
  int fallbacks = 0, differ = 0;
  for (const auto& c : cases) {
    const std::int64_t height = c["height"], width = c["width"];
    Box box = fallback_crop(height, width);
    const auto& tries = c["tries"];
    for (std::size_t i = 0; i < tries.size(); ++i) {
      const auto size = crop_size(height, width, tries[i][0], tries[i][1]);
      // Only the last try may fit; without a place drawn, none did.
      ASSERT_EQ(size.has_value(), i + 1 == tries.size() && !c["placed"].empty()) << c.dump();
      if (size) box = {c["placed"][0], c["placed"][1], size->height, size->width};
    }
    fallbacks += c["placed"].empty();
    const std::vector<std::int64_t> ours = {box.top, box.left, box.height, box.width};
    EXPECT_EQ(ours, c["box"].get<std::vector<std::int64_t>>()) << c.dump();
    // The control: the other way round, an aspect of height / width gives other boxes.
    const auto turned = crop_size(height, width, tries.back()[0], 1 / tries.back()[1].get<double>());
    differ += !turned || turned->height != box.height;
  }
  EXPECT_GT(fallbacks, 5);
  EXPECT_GT(differ, 60);
}

}  // namespace
}  // namespace luvit
