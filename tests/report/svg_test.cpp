// Drawings, as text: small ones whole, larger ones by what must be in them.
#include "files_for_test.h"
#include "luvit/report/charts.h"
#include "luvit/report/colours.h"

namespace luvit {
namespace {

bool is_drawing(const Figure& figure) {
  const std::string file = svg_file(figure);
  return ill_formed(file).empty() && !contains(file, "nan") && !contains(file, "inf") &&
         file.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"");
}

Plot small_plot() {
  return {.name = "loss",
          .title = "Loss",
          .x = {.label = "step"},
          .y = {.label = "loss"},
          .lines = {{.name = "train", .x = {0, 1, 2, 3}, .y = {4, 2, nothing, 1}}},
          .width = 200,
          .height = 100};
}

TEST(PlotFigure, IsThisText) {
  const Figure figure = draw(small_plot());
  EXPECT_TRUE(is_drawing(figure));
  EXPECT_EQ(figure.data, "series,x,y\r\ntrain,0,4\r\ntrain,1,2\r\ntrain,2,nan\r\ntrain,3,1\r\n");
}

}  // namespace
}  // namespace luvit
