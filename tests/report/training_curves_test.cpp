#include "luvit/report/training_curves.h"

#include "files_for_test.h"

namespace luvit {
namespace {

std::vector<Figure> curves_of(std::string_view metrics) {
  TemporaryFolder run;
  write_text(run / "metrics.jsonl", metrics);
  return training_curves(run.path());
}

TEST(TrainingCurves, LossRateAndTop1) {
  const auto figures = curves_of(R"({"kind":"step","step":1,"loss":2.5,"lr":0})"
                                 "\n"
                                 R"({"kind":"step","step":2,"loss":9,"lr":0.1})"
                                 "\n"
                                 R"({"kind":"epoch","step":2})"
                                 "\n"
                                 R"({"kind":"eval","suite":"val","step":2,"loss":1.5,"top1":0.25})"
                                 "\n"
                                 R"({"kind":"step","step":2,"loss":1.25,"lr":0.1})"
                                 "\n"
                                 R"({"kind":"step","step":3,"lo)");
  ASSERT_EQ(figures.size(), 3u);
  EXPECT_EQ(figures[0].data, "series,x,y\r\ntraining,1,2.5\r\ntraining,2,1.25\r\nval,2,1.5\r\n");
  EXPECT_EQ(figures[1].data, "series,x,y\r\nlearning rate,1,0\r\nlearning rate,2,0.1\r\n");
  EXPECT_EQ(figures[2].data, "series,x,y\r\nval,2,0.25\r\n");
  for (const Figure& figure : figures) EXPECT_EQ(ill_formed(svg_file(figure)), "");
}

TEST(TrainingCurves, GradientNoiseOfTheModelAndThreeOfItsBlocks) {
  std::string layers;
  for (int block = 0; block < 12; ++block)
    layers += ",\"blocks." + std::to_string(block) + "\":{\"r_l\":" + std::to_string(block) + "}";
  const auto figures = curves_of(
      "{\"kind\":\"gsnr\",\"step\":4,\"all\":{\"r_l\":0.5},\"layers\":{\"fusion\":{\"r_l\":7}" + layers + "}}\n");
  ASSERT_EQ(figures.size(), 1u);
  EXPECT_EQ(figures[0].data,
            "series,x,y\r\nall,4,0.5\r\nblocks.0,4,0\r\nblocks.6,4,6\r\nblocks.11,4,11\r\nfusion,4,7\r\n");
}

TEST(TrainingCurves, LeavesOutWhatIsNotThere) {
  EXPECT_TRUE(curves_of("").empty());
  EXPECT_EQ(curves_of("{\"kind\":\"step\",\"step\":1,\"loss\":2}\n").size(), 1u);
}

TEST(TrainingCurves, NamesTheLineThatIsNone) {
  try {
    curves_of("{\"kind\":\"step\",\"step\":1}\n[1]\n");
    FAIL() << "no error";
  } catch (const DataError& error) {
    EXPECT_TRUE(contains(error.what(), "metrics.jsonl:2: expected an object")) << error.what();
  }
  EXPECT_THROW(curves_of("{\"kind\":\n"), DataError);
}

}  // namespace
}  // namespace luvit
