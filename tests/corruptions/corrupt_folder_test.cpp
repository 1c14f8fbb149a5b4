// luvit_eval corrupt: real folders, from the command line's words to the files.
#include "luvit/corruptions/corrupt_folder.h"

#include <gtest/gtest.h>

#include "fixture.h"
#include "luvit/core/error.h"
#include "luvit/corruptions/corrupt_program.h"
#include "luvit/io/csv.h"
#include "temporary_folder.h"

namespace luvit {
namespace {

Image stripes(std::int64_t height, std::int64_t width, int phase) {
  Image image{height, width, {}};
  for (std::int64_t i = 0; i < height * width * 3; ++i) {
    image.pixels.push_back(static_cast<std::uint8_t>((i / 5 * 11 + phase) % 256));
  }
  return image;
}

class CorruptFolder : public ::testing::Test {
 protected:
  CorruptFolder() {
    write("b/two.png", encode_png(stripes(60, 40, 1)));
    write("a/deep/one.JPG", encode_jpeg(stripes(50, 90, 2), 90, false));
    write("a/notes.txt", "no image");
    write(".hidden/three.png", encode_png(stripes(40, 40, 3)));
  }
  void write(const std::string& name, const std::string& bytes) {
    file_layer().make_folder((in() / name).parent_path());
    write_durably(in() / name, bytes);
  }
  fs::path in() const { return folder_ / "in"; }
  fs::path out() const { return folder_ / "out"; }
  CorruptFolderOptions options(Corruption corruption = Corruption::gaussian_noise) const {
    return {in(), out(), corruption, 3, Flavour::imagecorruptions, 7, {}};
  }
  template <typename Expected>
  std::string refusal(const CorruptFolderOptions& asked) const {
    try {
      corrupt_folder(asked);
    } catch (const Expected& error) {
      return error.what();
    }
    ADD_FAILURE() << "no such error";
    return {};
  }
  TemporaryFolder folder_;
};

TEST_F(CorruptFolder, KeepsFoldersAndStemsAndCountsWhatItSkips) {
  const CorruptedFolder done = corrupt_folder(options());
  EXPECT_EQ(done.images, 2);
  EXPECT_EQ(done.other_files, 1);
  EXPECT_EQ(done.hidden, 1);
  const std::uint32_t seed = corruption_seed(7, Corruption::gaussian_noise, 3, "b/two.png");
  const Image expected =
      corrupt(stripes(60, 40, 1), Corruption::gaussian_noise, 3, Flavour::imagecorruptions, seed, {});
  EXPECT_EQ(read_image(out() / "b/two.png").pixels, expected.pixels);
  EXPECT_EQ(read_image(out() / "a/deep/one.png").width, 90);

  CsvReader seeds(out() / "seeds.csv");
  EXPECT_EQ(seeds.columns(), (std::vector<std::string>{"path", "seed"}));
  ASSERT_TRUE(seeds.next());
  EXPECT_EQ(seeds[0], "a/deep/one.JPG");
  ASSERT_TRUE(seeds.next());
  EXPECT_EQ(seeds[0], "b/two.png");
  EXPECT_EQ(seeds.integer(1), seed);
  EXPECT_FALSE(seeds.next());
}

TEST_F(CorruptFolder, TheScriptsFlavourWritesJpegsOf224Pixels) {
  CorruptFolderOptions asked = options(Corruption::fog);
  asked.flavour = Flavour::imagenet_c;
  corrupt_folder(asked);
  const Image written = read_image(out() / "b/two.JPEG");
  const std::uint32_t seed = corruption_seed(7, Corruption::fog, 3, "b/two.png");
  EXPECT_EQ(written.pixels, corrupted_view(stripes(60, 40, 1), Corruption::fog, 3, seed, {}).pixels);
  EXPECT_TRUE(path_exists(out() / "a/deep/one.JPEG"));
}

TEST_F(CorruptFolder, AnImageDependsNeitherOnTheOthersNorOnEarlierRuns) {
  corrupt_folder(options());
  const std::string first = read_file(out() / "b/two.png"), seeds = read_file(out() / "seeds.csv");
  corrupt_folder(options());
  EXPECT_EQ(read_file(out() / "b/two.png"), first);
  EXPECT_EQ(read_file(out() / "seeds.csv"), seeds);
  for (int i = 0; i < 9; ++i) write(std::string("b/") + char('a' + i) + ".png", encode_png(stripes(33, 33, i)));
  corrupt_folder(options());
  EXPECT_EQ(read_file(out() / "b/two.png"), first);
  CorruptFolderOptions other = options();
  other.seed = 8;
  corrupt_folder(other);
  EXPECT_NE(read_file(out() / "b/two.png"), first);  // control
}

TEST_F(CorruptFolder, RefusesTwoImagesThatWouldBecomeOne) {
  write("b/two.jpeg", encode_jpeg(stripes(40, 40, 5), 90, false));
  const std::string what = refusal<DataError>(options());
  EXPECT_NE(what.find("b/two.jpeg"), std::string::npos) << what;
  EXPECT_NE(what.find("b/two.png"), std::string::npos) << what;
  EXPECT_FALSE(path_exists(out()));
}

TEST_F(CorruptFolder, NamesAnImageThatIsDamagedOrTooSmall) {
  corrupt_folder(options());
  write("c/damaged.png", "\x89PNG\r\n\x1A\nno more");
  EXPECT_NE(refusal<DataError>(options()).find("c/damaged.png"), std::string::npos);
  EXPECT_FALSE(path_exists(out() / "seeds.csv"));  // an earlier run's would say that all is there
  write("c/damaged.png", encode_png(stripes(31, 80, 0)));
  EXPECT_NE(refusal<DataError>(options()).find("32×32"), std::string::npos);
}

TEST_F(CorruptFolder, RefusesFoldersWithinOneAnotherAndEmptyOnes) {
  CorruptFolderOptions asked = options();
  asked.out = in() / "corrupted";
  refusal<UsageError>(asked);
  asked.out = in() / ".." / "in";
  refusal<UsageError>(asked);
  asked = options();
  asked.in = folder_ / "nothing";
  EXPECT_NE(refusal<DataError>(asked).find("nothing"), std::string::npos);
  file_layer().make_folder(folder_ / "empty");
  asked.in = folder_ / "empty";
  EXPECT_NE(refusal<DataError>(asked).find("no image"), std::string::npos);
}

TEST_F(CorruptFolder, FrostNamesThePictureThatIsMissing) {
  CorruptFolderOptions asked = options(Corruption::frost);
  asked.frost = in();
  EXPECT_NE(refusal<DataError>(asked).find("frost1.png"), std::string::npos);
}

TEST_F(CorruptFolder, FrostTakesItsPicturesFromAFolder) {
  CorruptFolderOptions asked = options(Corruption::frost);
  asked.frost = folder_ / "frost";
  file_layer().make_folder(asked.frost);
  for (const char* name : {"frost1.png", "frost2.png", "frost3.png", "frost4.jpg", "frost5.jpg"}) {
    write_durably(asked.frost / name, encode_png(stripes(230, 240, 9)));  // known by content, not by name
  }
  EXPECT_EQ(corrupt_folder(asked).images, 2);
  asked.flavour = Flavour::imagenet_c;
  EXPECT_EQ(corrupt_folder(asked).images, 2);
}

int run_program(std::vector<std::string> words) {
  words.insert(words.begin(), "corrupt");
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  return corrupt_program(static_cast<int>(pointers.size()), pointers.data());
}

TEST_F(CorruptFolder, TheProgramTakesItsOptionsFromTheCommandLine) {
  EXPECT_EQ(run_program({"--in", in().string(), "--out", out().string(), "--corruption", "pixelate", "--severity", "2",
                         "--flavour", "imagecorruptions", "--seed", "7"}),
            0);
  EXPECT_TRUE(path_exists(out() / "seeds.csv"));
  EXPECT_THROW(run_program({"--in", in().string()}), UsageError);
  EXPECT_THROW(run_program({"--in", in().string(), "--out", out().string(), "--corruption", "pixelate", "--severity",
                            "6", "--flavour", "imagecorruptions"}),
               UsageError);
}

}  // namespace
}  // namespace luvit
