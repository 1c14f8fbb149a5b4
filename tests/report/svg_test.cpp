// Drawings, as text: a small one whole, larger ones by what must be in them.
#include <cmath>

#include "files_for_test.h"
#include "luvit/report/charts.h"
#include "luvit/report/colours.h"

namespace luvit {
namespace {

void expect_drawing(const Figure& figure) {
  const std::string file = svg_file(figure);
  EXPECT_EQ(ill_formed(file), "");
  EXPECT_TRUE(file.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"luvit-figure\""));
  for (const char* broken : {"nan", "inf\"", "inf "}) EXPECT_FALSE(contains(figure.elements, broken)) << broken;
  EXPECT_EQ(ill_formed(inline_svg(figure)), "");
  EXPECT_FALSE(contains(inline_svg(figure), "http"));
}

Plot small_plot() {
  return {.name = "loss",
          .title = "Loss <1>",
          .x = {.label = "step"},
          .y = {.label = "loss"},
          .lines = {{.name = "a, b", .x = {0, 1, 2, 3}, .y = {4, 2, nothing, 1}}},
          .width = 200,
          .height = 100};
}

TEST(PlotFigure, IsThisText) {
  const Figure figure = draw(small_plot());
  EXPECT_EQ(figure.elements, R"svg(<text class="f-title" x="10" y="24">Loss &lt;1&gt;</text>
<line class="f-grid" x1="43.2" y1="46" x2="43.2" y2="146"/>
<text class="f-tick" x="43.2" y="163" text-anchor="middle">0</text>
<line class="f-grid" x1="88.13" y1="46" x2="88.13" y2="146"/>
<text class="f-tick" x="88.13" y="163" text-anchor="middle">1</text>
<line class="f-grid" x1="133.07" y1="46" x2="133.07" y2="146"/>
<text class="f-tick" x="133.07" y="163" text-anchor="middle">2</text>
<line class="f-grid" x1="178" y1="46" x2="178" y2="146"/>
<text class="f-tick" x="178" y="163" text-anchor="middle">3</text>
<line class="f-axis" x1="43.2" y1="146" x2="178" y2="146"/>
<text class="f-label" x="110.6" y="183" text-anchor="middle">step</text>
<line class="f-grid" x1="43.2" y1="146" x2="178" y2="146"/>
<text class="f-tick" x="37.2" y="150" text-anchor="end">0</text>
<line class="f-grid" x1="43.2" y1="96" x2="178" y2="96"/>
<text class="f-tick" x="37.2" y="100" text-anchor="end">2</text>
<line class="f-grid" x1="43.2" y1="46" x2="178" y2="46"/>
<text class="f-tick" x="37.2" y="50" text-anchor="end">4</text>
<text class="f-label" transform="translate(21 96) rotate(-90)" text-anchor="middle">loss</text>
<svg x="41.2" y="44" width="138.8" height="104" viewBox="41.2 44 138.8 104">
<path class="f-line f-s0" d="M43.2 46L88.13 96M178 121h0.01"/>
</svg>
)svg");
  EXPECT_EQ(figure.data, "series,x,y\r\n\"a, b\",0,4\r\n\"a, b\",1,2\r\n\"a, b\",2,nan\r\n\"a, b\",3,1\r\n");
  expect_drawing(figure);
}

TEST(PlotFigure, BandsErrorBarsAndALegend) {
  Plot plot = small_plot();
  plot.lines[0].low = {3, 1, nothing, 0.5};
  plot.lines[0].high = {5, 3, nothing, 1.5};
  plot.points = {{.name = "dots", .x = {1}, .y = {2}, .low = {1}, .high = {3}}};
  const Figure figure = draw(plot);
  expect_drawing(figure);
  EXPECT_EQ(times(figure.elements, "f-band f-s0"), 2u);  // one each side of the gap
  EXPECT_EQ(times(figure.elements, "f-error"), 1u);
  EXPECT_TRUE(contains(figure.elements, ">a, b</text>") && contains(figure.elements, ">dots</text>"));
  EXPECT_TRUE(contains(figure.data, "series,x,y,low,high\r\n"));
}

TEST(PlotFigure, EqualAxesAreASquareWithItsDiagonal) {
  Plot plot{.name = "s", .title = "S", .x = {.label = "a"}, .y = {.label = "b"}};
  plot.points = {{.name = "p", .x = {1, 2}, .y = {10, 20}}};
  plot.equal_axes = true;
  const Figure figure = draw(plot);
  expect_drawing(figure);
  EXPECT_EQ(times(figure.elements, "f-diagonal"), 1u);
  const std::string window = figure.elements.substr(figure.elements.find("<svg"));
  const auto value = [&](const std::string& name) {
    return std::stod(window.substr(window.find(name + "=\"") + name.size() + 2));
  };
  EXPECT_DOUBLE_EQ(value("width"), value("height"));
  EXPECT_EQ(times(figure.elements, ">20</text>"), 2u);  // both axes go as far
}

TEST(PlotFigure, ThousandsOfPointsStaySmallAndLoseNone) {
  Plot plot{.name = "many", .title = "Many", .x = {.label = "a"}, .y = {.label = "b"}};
  plot.points.push_back({.name = "p", .x = {}, .y = {}});
  for (int i = 0; i < 12419; ++i) {
    plot.points[0].x.push_back(std::sin(i * 0.7) + 2);
    plot.points[0].y.push_back(std::cos(i * 1.3) + 2);
  }
  const Figure figure = draw(plot);
  EXPECT_EQ(times(figure.elements, "h0"), 12419u);
  EXPECT_EQ(times(figure.elements, "f-dots f-many"), 16u);
  EXPECT_EQ(times(figure.data, "\r\n"), 12420u);
  EXPECT_LT(figure.elements.size(), 250'000u);
}

TEST(PlotFigure, SaysWhatLiesOutsideItsAxes) {
  Plot plot = small_plot();
  plot.y.range = Range{0, 3};
  EXPECT_TRUE(contains(draw(plot).elements, ">1 point lies outside the axes</text>"));
}

TEST(PlotFigure, LogarithmicAxesLeaveOutWhatIsNotPositive) {
  Plot plot = small_plot();
  plot.y.scale = Scale::logarithmic;
  plot.lines[0].y = {1000, 0, -1, 0.1};
  const Figure figure = draw(plot);
  expect_drawing(figure);
  EXPECT_TRUE(contains(figure.elements, ">1000</text>") && contains(figure.elements, ">0.1</text>"));
}

TEST(PlotFigure, DrawsNothingAndOneValue) {
  Plot plot = small_plot();
  plot.lines = {};
  expect_drawing(draw(plot));
  plot.lines = {{.name = "one", .x = {5}, .y = {0}}};
  expect_drawing(draw(plot));
  plot.lines = {{.name = "huge", .x = {1, 2, 3}, .y = {1e299, -1e299, 1e308}}};
  expect_drawing(draw(plot));
  plot.lines = {{.name = "gaps", .x = {1, 2}, .y = {nothing, nothing}}};
  expect_drawing(draw(plot));
}

TEST(PlotFigure, RefusesUnequalLengths) {
  Plot plot = small_plot();
  plot.lines[0].y.pop_back();
  EXPECT_THROW(draw(plot), UsageError);
  plot = small_plot();
  plot.lines[0].low = {1};
  EXPECT_THROW(draw(plot), UsageError);
  plot = small_plot();
  plot.x.range = Range{3, 1};
  EXPECT_THROW(draw(plot), UsageError);
}

TEST(BarFigure, BarsBeginAtZeroAndCarryTheirValues) {
  const BarChart chart{.name = "b",
                       .title = "Arms",
                       .categories = {"a name that is long enough to need two lines", "none"},
                       .series = {{.name = "probe", .values = {0.912, 0.5}, .low = {0.9, 0.4}, .high = {0.92, 0.6}},
                                  {.name = "knn", .values = {-0.1, nothing}}},
                       .axis = {.label = "top-1", .unit = Unit::percent}};
  const Figure figure = draw(chart);
  expect_drawing(figure);
  EXPECT_TRUE(contains(figure.elements, ">91.2</text>") && contains(figure.elements, ">−10.0</text>"));
  EXPECT_EQ(times(figure.elements, "f-error"), 2u);
  EXPECT_TRUE(contains(figure.data, "none,probe,0.5,0.4,0.6\r\nnone,knn,nan,,\r\n"));
  BarChart wrong = chart;
  wrong.series[0].values.pop_back();
  EXPECT_THROW(draw(wrong), UsageError);
}

TEST(BarFigure, ShortNamesAreNeverCut) {
  for (const char* name : {"knn", "val", "c-generated", "in1k", "ImageNet-Sketch", "a", "Wm%"}) {
    BarChart chart{.name = "b", .title = "B", .categories = {name}, .series = {{"s", {1}}}, .axis = {.label = "x"}};
    EXPECT_TRUE(contains(draw(chart).elements, std::string(">") + name + "</text>")) << name;
  }
}

TEST(HeatMapFigure, WritesEachValueWhereItCanBeRead) {
  const HeatMap map{.name = "h",
                    .title = "Grid",
                    .row_label = "row",
                    .column_label = "column",
                    .rows = {"dark", "light"},
                    .columns = {"1", "2"},
                    .values = {{0, 0.1}, {nothing, 1}},
                    .colour = {.label = "share", .unit = Unit::percent, .range = Range{0, 1}},
                    .groups = {{"first", 1}, {"second", 1}}};
  const Figure figure = draw(map);
  expect_drawing(figure);
  EXPECT_TRUE(contains(figure.elements, "f-bright\" x=\"") && contains(figure.elements, ">0.0</text>"));
  EXPECT_TRUE(contains(figure.elements, "f-dark") && contains(figure.elements, ">100.0</text>"));
  EXPECT_EQ(times(figure.elements, ">–</text>"), 1u);
  EXPECT_TRUE(contains(figure.elements, "fill=\"#440154\"") && contains(figure.elements, "fill=\"#fde725\""));
  EXPECT_EQ(figure.data, "row,column,value\r\ndark,1,0\r\ndark,2,0.1\r\nlight,1,nan\r\nlight,2,1\r\n");
  HeatMap wrong = map;
  wrong.values.pop_back();
  EXPECT_THROW(draw(wrong), UsageError);
}

TEST(ReliabilityFigure, ShowsBinsThatHoldImages) {
  const ReliabilityDiagram diagram{"r", "R", {0, 30, 70}, {0, 0.4, 0.9}, {0, 0.5, 0.8}};
  const Figure figure = draw(diagram);
  expect_drawing(figure);
  EXPECT_EQ(times(figure.elements, "<rect class=\"f-bar f-s0\""), 1u + 2u);  // the legend's and two bins'
  EXPECT_EQ(times(figure.elements, "<rect class=\"f-count\""), 1u + 2u);
  EXPECT_TRUE(contains(figure.data, "0,0.3333333333333333,0,,\r\n"));
  EXPECT_THROW(draw(ReliabilityDiagram{"r", "R", {1}, {}, {}}), UsageError);
}

TEST(FigureFiles, StandBesideTheirData) {
  TemporaryFolder folder;
  const Figure figure = draw(small_plot());
  write_figure(figure, folder / "figures");
  EXPECT_EQ(read_file(folder / "figures/loss.svg"), svg_file(figure));
  EXPECT_EQ(read_file(folder / "figures/loss.csv"), figure.data);
  EXPECT_EQ(file_name_of("../a b/ü.c"), "_._a_b___.c");
  EXPECT_EQ(file_name_of(""), "_");
}

TEST(Viridis, ItsEndsAndReadableText) {
  EXPECT_EQ(hex(viridis(0)), "#440154");
  EXPECT_EQ(hex(viridis(1)), "#fde725");
  EXPECT_EQ(hex(viridis(-3)), hex(viridis(0)));
  EXPECT_EQ(hex(viridis(7)), hex(viridis(1)));
  EXPECT_TRUE(takes_white_text(viridis(0)));
  EXPECT_FALSE(takes_white_text(viridis(1)));
}

}  // namespace
}  // namespace luvit
