// scripts/prepare_imagenet.sh on small tars of ImageNet's layout, read by the data layer.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>

#include "luvit/data/dataset.h"
#include "test_files.h"

namespace luvit {
namespace {

using testing::TarText;
using testing::TestFolder;

const char* const wnids[] = {"n01440764", "n01443537", "n02085620"};

struct Result {
  int status = 0;
  std::string text;
};

Result run(const std::string& arguments) {
  const std::string command = LUVIT_SOURCE_DIR "/scripts/prepare_imagenet.sh " + arguments + " 2>&1";
  FILE* pipe = ::popen(command.c_str(), "r");
  Result result;
  for (int c; (c = std::fgetc(pipe)) != EOF;) result.text.push_back(static_cast<char>(c));
  result.status = WEXITSTATUS(::pclose(pipe));
  return result;
}

// Four images a class, each holding its own name; five for validation.
class PrepareImagenet : public ::testing::Test {
 protected:
  PrepareImagenet() {
    TarText train, val;
    for (const std::string wnid : wnids) {
      TarText of_class;
      for (int i = 0; i < 4; ++i) {
        const std::string name = wnid + "_" + std::to_string(i) + ".JPEG";
        of_class.add(name, name);
      }
      train.add(wnid + ".tar", of_class.whole());
    }
    std::string labels;
    for (int i = 0; i < 5; ++i) {
      const std::string name = "ILSVRC2012_val_0000000" + std::to_string(i + 1) + ".JPEG";
      val.add(name, name);
      labels += std::string(wnids[2 - i % 3]) + "\n";
    }
    train_ = train.whole();
    root_.write("train.tar", train_);
    root_.write("val.tar", val.whole());
    root_.write("labels.txt", labels);
  }

  std::string sources() const {
    const std::string at = root_.path().string();
    return "--train " + at + "/train.tar --val " + at + "/val.tar --val-labels " + at + "/labels.txt";
  }
  std::string common(const std::string& out) const {
    return " --out " + (root_ / out).string() + " --classes 3 --train-images 12 --val-images 5";
  }

  TestFolder root_;
  std::string train_;
};

TEST_F(PrepareImagenet, MakesFoldersAndGoesOnWhereItWas) {
  const Result first = run(sources() + common("out"));
  ASSERT_EQ(first.status, 0) << first.text;
  const auto train = open_dataset({root_ / "out/train"}, true), val = open_dataset({root_ / "out/val"}, true);
  EXPECT_EQ(train->size(), 12);
  EXPECT_EQ(train->classes(), (std::vector<std::string>{wnids[0], wnids[1], wnids[2]}));
  EXPECT_EQ(val->size(), 5);
  EXPECT_NE(val->name(0).find("n01440764/ILSVRC2012_val_00000003.JPEG"), std::string::npos);

  fs::remove_all(root_ / "out/train/n01443537");
  const Result second = run(sources() + common("out"));
  ASSERT_EQ(second.status, 0) << second.text;
  EXPECT_NE(second.text.find("class 2 of 3"), std::string::npos);
  EXPECT_EQ(second.text.find("class 1 of 3"), std::string::npos);
  EXPECT_EQ(open_dataset({root_ / "out/train"}, true)->size(), 12);
}

TEST_F(PrepareImagenet, MakesShardsThatMixTheClasses) {
  const Result made = run(sources() + common("out") + " --format shards --shard-images 5");
  ASSERT_EQ(made.status, 0) << made.text;
  const auto train = open_dataset({root_ / "out/train-{000000..000002}.tar"}, true);
  const auto val = open_dataset({root_ / "out/val-*.tar"}, true);
  ASSERT_EQ(train->size(), 12);
  ASSERT_EQ(val->size(), 5);
  std::set<std::string> contents;
  std::set<std::int64_t> classes_of_first_shard;
  std::vector<std::uint8_t> bytes;
  for (std::int64_t i = 0; i < 12; ++i) {
    train->read(i, bytes);
    const std::string name(bytes.begin(), bytes.end());
    contents.insert(name);
    EXPECT_EQ(name.substr(0, 9), wnids[train->label(i)]);
    if (i < 5) classes_of_first_shard.insert(train->label(i));
  }
  EXPECT_EQ(contents.size(), 12u);
  EXPECT_GT(classes_of_first_shard.size(), 1u);
  std::ifstream classes(root_ / "out/classes.txt");
  std::string line;
  std::getline(classes, line);
  EXPECT_EQ(line, wnids[0]);
  // Again: nothing to do, and the shards stay as they are.
  const auto time = fs::last_write_time(root_ / "out/train-000001.tar");
  EXPECT_EQ(run(sources() + common("out") + " --format shards --shard-images 5").status, 0);
  EXPECT_EQ(fs::last_write_time(root_ / "out/train-000001.tar"), time);
}

TEST_F(PrepareImagenet, ReadsTheDevelopmentKit) {
  // Matlab's level 5: a header of 128 bytes, then elements; the script looks for the wnids in them.
  std::string meta(128, ' '), wnid_text;
  for (const char* wnid : wnids) wnid_text += wnid;
  wnid_text.resize(32, '\0');
  meta += std::string("\x10\0\0\0\x20\0\0\0", 8) + wnid_text;
  root_.write("kit/ILSVRC2012_devkit_t12/data/meta.mat", meta);
  root_.write("kit/ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt", "3\n2\n1\n3\n2\n");
  const std::string at = root_.path().string();
  ASSERT_EQ(std::system(("tar -czf " + at + "/kit.tar.gz -C " + at + "/kit .").c_str()), 0);
  const Result made = run("--val " + at + "/val.tar --devkit " + at + "/kit.tar.gz" + common("out"));
  ASSERT_EQ(made.status, 0) << made.text;
  EXPECT_EQ(open_dataset({root_ / "out/val"}, true)->classes().size(), 3u);
  EXPECT_TRUE(fs::exists(root_ / "out/val/n01440764/ILSVRC2012_val_00000003.JPEG"));
  EXPECT_TRUE(fs::exists(root_ / "out/val/n02085620/ILSVRC2012_val_00000004.JPEG"));
}

TEST_F(PrepareImagenet, ErrorsAreOneLineAndAHint) {
  const auto error = [](const std::string& arguments, int status) {
    const Result result = run(arguments);
    EXPECT_EQ(result.status, status) << result.text;
    EXPECT_NE(result.text.find("\nhint: "), std::string::npos) << result.text;
    return result.text;
  };
  EXPECT_NE(error("--nonsense x", 2).find("--nonsense"), std::string::npos);
  EXPECT_NE(error("--train /nowhere.tar" + common("o"), 3).find("/nowhere.tar"), std::string::npos);
  EXPECT_NE(error(sources() + " --out " + (root_ / "o").string(), 3).find("3 class tars, expected 1000"),
            std::string::npos);
  EXPECT_NE(error("--val " + (root_ / "val.tar").string() + common("o"), 2).find("--val-labels"), std::string::npos);
  root_.write("train.tar", train_.substr(0, 5000));
  EXPECT_NE(error(sources() + common("o2"), 3).find("train.tar"), std::string::npos);
}

}  // namespace
}  // namespace luvit
