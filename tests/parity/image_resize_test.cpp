// Against Pillow 11.3's resize and torchvision's views and normalisation, scripts/fixtures/data.py.
#include <gtest/gtest.h>

#include <cstdio>

#include "image_fixture.h"
#include "luvit/core/text.h"
#include "luvit/data/transforms.h"

namespace luvit {
namespace {

struct ResizeCase {
  int height, width, to_height, to_width;
};

// Calls visit(case, source, expected) for all of one filter.
template <typename Visit>
int each_resize(const char* filter, Visit visit) {
  const SafetensorsFile fixture = image_fixture("resize");
  const at::Tensor base = fixture.read("base");
  int cases = 0;
  for (const auto& info : fixture.tensors()) {
    ResizeCase c{};
    const std::string form = str(filter, ".%dx%d.%dx%d");
    if (std::sscanf(info.name.c_str(), form.c_str(), &c.height, &c.width, &c.to_height, &c.to_width) != 4) continue;
    visit(c, image_of(base.slice(0, 0, c.height).slice(1, 0, c.width)), fixture.read(info.name));
    ++cases;
  }
  return cases;
}

TEST(ImageParity, EvaluationsResizeIsPillowsToThePixel) {
  for (const auto& [name, filter] : {std::pair{"bicubic", Filter::bicubic}, std::pair{"bilinear", Filter::bilinear}}) {
    const int cases = each_resize(name, [&](const ResizeCase& c, const Image& source, const at::Tensor& expected) {
      const auto difference = pixel_difference(resize_as_pillow(source, c.to_height, c.to_width, filter), expected);
      EXPECT_EQ(difference.largest, 0) << name << " " << c.height << "×" << c.width << " to " << c.to_height << "×"
                                       << c.to_width;
    });
    EXPECT_EQ(cases, 40);
  }
}

TEST(ImageParity, ControlTheOtherFilterIsFarFromPillows) {
  each_resize("bicubic", [](const ResizeCase& c, const Image& source, const at::Tensor& expected) {
    if (c.to_height < 20 || c.to_width < 20 || c.height < 20 || c.width < 20) return;
    if (c.to_height == c.height && c.to_width == c.width) return;
    EXPECT_GT(pixel_difference(resize_as_pillow(source, c.to_height, c.to_width, Filter::bilinear), expected).largest,
              2);
  });
}

TEST(ImageParity, TrainingsResizeIsWithinTwoLevelsOnAlmostAllPixels) {
  double above_0 = 0;
  const int cases = each_resize("bicubic", [&](const ResizeCase& c, const Image& source, const at::Tensor& expected) {
    const auto difference = pixel_difference(resize_fast(source, c.to_height, c.to_width), expected);
    EXPECT_LE(difference.largest, 2) << c.height << "×" << c.width << " to " << c.to_height << "×" << c.to_width;
    above_0 += difference.share_above_0;
  });
  EXPECT_LT(above_0 / cases, 0.01);
}

TEST(ImageParity, EvaluationViewsAreTorchvisions) {
  const SafetensorsFile fixture = image_fixture("views");
  const at::Tensor base = fixture.read("base");
  int cases = 0;
  for (const auto& info : fixture.tensors()) {
    int height = 0, width = 0, resize = 0, crop = 0;
    if (std::sscanf(info.name.c_str(), "view.%dx%d.%d.%d", &height, &width, &resize, &crop) != 4) continue;
    const Image source = image_of(base.slice(0, 0, height).slice(1, 0, width));
    const at::Tensor expected = fixture.read(info.name);
    EXPECT_EQ(pixel_difference(evaluation_view(source, resize, crop), expected).largest, 0) << info.name;
    EXPECT_GT(pixel_difference(evaluation_view(source, resize + 1, crop), expected).largest, 0)
        << info.name;  // control
    ++cases;
  }
  EXPECT_EQ(cases, 7);
}

TEST(ImageParity, NormalisationHasTorchvisionsBits) {
  const SafetensorsFile fixture = image_fixture("views");
  const at::Tensor expected = fixture.read("normalised");
  const Image levels = image_of(fixture.read("levels"));
  at::Tensor ours = at::empty({3, 16, 16});
  normalise(levels, false, {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}, ours.data_ptr<float>());
  EXPECT_TRUE(ours.equal(expected));
  normalise(levels, false, {0.485, 0.456, 0.407}, {0.229, 0.224, 0.225}, ours.data_ptr<float>());
  EXPECT_GT((ours - expected).abs().max().item<double>(), 1e-3);  // control
}

}  // namespace
}  // namespace luvit
