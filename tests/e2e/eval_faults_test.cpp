#include <gtest/gtest.h>

#include <fstream>

#include "luvit/core/files.h"
#include "luvit/io/safetensors.h"
#include "small_evaluation.h"

// What cannot be evaluated is answered in one line, and a hint; what is missing of a data set in one line a suite.

namespace luvit::test {
namespace {

std::int64_t lines_in(const std::string& text) {
  return std::count(text.begin(), text.end(), '\n');
}

class EvalFaults : public ::testing::Test {
 protected:
  void expect(const Result& result, int code, const std::vector<std::string>& words) const {
    EXPECT_EQ(result.code, code) << result.out << result.err;
    for (const std::string& word : words)
      EXPECT_NE(result.err.find(word), std::string::npos) << word << " in:\n" << result.err;
    EXPECT_EQ(lines_in(result.err), 2) << result.err;
    EXPECT_TRUE(result.err.starts_with("luvit_eval: error: ") || result.err.starts_with("luvit_eval, rank "))
        << result.err;
    EXPECT_TRUE(result.last_error_line().starts_with("hint: ")) << result.err;
    EXPECT_FALSE(fs::exists(small_.at("x/results.json")));
  }
  // On one rank, on several, and where nothing is to be run: the same line.
  void refuse(const std::vector<std::string>& more, const std::vector<std::string>& words) const {
    for (const std::vector<std::string>& how : {std::vector<std::string>{}, {"--ranks", "2"}, {"--dry-run"}}) {
      std::vector<std::string> all = how;
      all.insert(all.end(), more.begin(), more.end());
      expect(small_.eval("x", all), 3, words);
    }
  }
  SmallEvaluation small_;
};

TEST_F(EvalFaults, OfTheConfig) {
  expect(small_.eval("x", {"suites.photos.kind=coco"}), 2, {"key `suites.photos.kind`: coco is not in this version"});
  expect(small_.eval("x", {"suites.photo.data=a"}), 2, {"`suites` has no entry `photo`; it has photos, few, knn"});
  expect(small_.eval("x", {"suites.photos.dta=a"}), 2, {"did you mean `suites.photos.data`?"});
  expect(small_.eval("x", {"suites.photos.k=3"}), 2, {"key `suites.photos.k`: it belongs to kind: knn"});
  expect(small_.eval("x", {"preprocess.crop=64"}), 2, {"preprocess.crop 64, the model takes 32×32"});
  expect(small_.eval("x", {"precision=float16"}), 2, {"expected one of float32, bfloat16"});
  expect(small_.eval(""), 2, {"--output: required"});
  expect(run("luvit_eval", {"--config", small_.at("eval.yaml"), "--output", small_.at("x")}), 2,
         {"--weights: required"});
  expect(run("luvit_eval", {"corrupted"}), 2, {"`corrupted` is neither"});
}

TEST_F(EvalFaults, OfDataThatIsNotThere) {
  refuse({"suites.photos.data=" + small_.at("nowhere")},
         {"error: suites.photos: " + small_.at("nowhere") + ": no such file or folder"});
  refuse({"suites.knn.train=" + small_.at("nowhere")}, {"error: suites.knn: ", "nowhere: no such file or folder"});
  fs::create_directories(small_.at("empty/class0"));
  std::ofstream(small_.at("empty/README")) << "nothing";
  refuse({"suites.photos.data=" + small_.at("empty")},
         {"empty: no image in this folder; found 1 folders and 1 other files"});
  fs::create_directories(small_.at("data/dragons"));
  fs::copy(small_.at("few/class0/1000.png"), small_.at("data/dragons"));
  refuse({}, {"1 of 5 class folders are unknown (dragons); expected one of the model's 4 classes"});
  fs::rename(small_.at("data/dragons/1000.png"), small_.at("data/loose.png"));
  fs::remove_all(small_.at("data/dragons"));
  refuse({}, {"data/loose.png: an image outside the class folders"});
}

TEST_F(EvalFaults, OfDataThatIsHalfThere) {
  small_.become_imagenet();
  const std::string in9 = small_.at("in9"), c = small_.at("c");
  const auto suite = [&](const std::string& kind, const std::string& data) {
    small_.write_config("suites:\n  - {name: s, kind: " + kind + ", data: " + data +
                        ", preprocess: {resize: 36}}\ndevice: cpu\n");
  };
  fs::create_directories(c + "/notes");
  suite("imagenet_c", c);
  refuse({}, {"c: no corruption is there; found the folders notes"});
  for (const char* cell : {"fog/1", "fog/2", "weather/snow/3", "fog/4", "fog/5"}) {
    fs::create_directories(c + "/" + cell);
    fs::copy(small_.at("val/n01440764"), c + "/" + cell + "/n01440764");
  }
  refuse({"suites.s.corruptions=[fog]"}, {"1 of 5 cells are not there: fog/3"});
  refuse({"suites.s.severities=[1, 2]", "suites.s.corruptions=[fog, frost]"},
         {"cells are not there: frost/1, frost/2"});
  fs::create_directories(c + "/blur/fog");
  refuse({}, {"fog stands there twice, as blur/fog and as fog"});
  fs::remove_all(c + "/blur");
  // Of what may be missing there is a line each: of cells, and of what they hold.
  const Result some = small_.eval("c");
  EXPECT_EQ(some.code, 0) << some.err;
  EXPECT_EQ(lines_in(some.err), 3) << some.err;
  EXPECT_NE(some.err.find("c: passed over, being no corruption: notes"), std::string::npos) << some.err;
  EXPECT_NE(some.err.find("c: 90 of 95 cells are not there: gaussian_noise, shot_noise, "), std::string::npos)
      << some.err;
  EXPECT_NE(some.err.find(", snow/1, snow/2, snow/4, snow/5, frost, fog/3, brightness, "), std::string::npos)
      << some.err;
  EXPECT_NE(some.err.find("c: 5 of 5 cells have not the 200 images of 4 classes: fog/1 has 38 of 1, fog/2 has 38 of 1, "
                          "fog/4 has 38 of 1, …\n"),
            std::string::npos)
      << some.err;
  EXPECT_FALSE(small_.results("c")["suites"]["s"].contains("acc15"));

  suite("imagenet", small_.at("val"));
  const Result clean = small_.eval("clean");
  EXPECT_EQ(clean.code, 0);
  EXPECT_EQ(lines_in(clean.err), 1) << clean.err;
  EXPECT_NE(clean.err.find("warning: s: " + small_.at("val") + ": 150 images; the data set has 200"), std::string::npos)
      << clean.err;
  fs::remove_all(small_.at("val/n01443537"));
  EXPECT_NE(small_.eval("clean").err.find("3 of 4 class folders are there; missing: n01443537"), std::string::npos);
}

TEST_F(EvalFaults, OfAnImageThatCannotBeRead) {
  const std::string place = small_.at("data/class1/");
  const std::string whole = file_text(place + "1001.png");
  for (const std::string& bytes : {std::string("no picture"), std::string(), whole.substr(0, whole.size() / 2)}) {
    std::ofstream(place + "zz.png", std::ios::binary) << bytes;
    for (const char* ranks : {"1", "2", "3"}) expect(small_.eval("x", {"--ranks", ranks}), 3, {"class1/zz.png"});
  }
  fs::remove(place + "zz.png");
  fs::create_symlink(small_.at("gone.png"), place + "zz.png");
  expect(small_.eval("x"), 3, {"class1/zz.png"});
  fs::remove(place + "zz.png");
  EXPECT_EQ(small_.eval("x").code, 0);
}

TEST_F(EvalFaults, OfAModelOfOtherClasses) {
  refuse({"suites.photos.kind=imagenet"},
         {"suites.photos: the model has 4 classes, and not all are called by WordNet ids"});
  std::ofstream(small_.at("map.csv")) << "folder,index\nclass0,0\nclass1,1\nclass2,2\nclass3,4\n";
  refuse({"suites.photos.class_map=" + small_.at("map.csv")}, {"map.csv: line 5: index 4, the model has 4 classes"});
  std::ofstream(small_.at("map.csv")) << "folder,index\nclass0,0\nclass1,1\nclass2,2\n";
  refuse({"suites.photos.class_map=" + small_.at("map.csv")}, {"(class3); expected a folder that", "map.csv names"});
  const auto with = [&](const std::string& weights) {
    return run("luvit_eval", {"--config", small_.at("eval.yaml"), "--output", small_.at("x"), "--weights", weights});
  };
  expect(with(small_.at("none")), 3, {small_.at("none")});
  expect(with(small_.at("pretrained.safetensors")), 3, {"suites.photos needs a classifier"});
  const std::string bytes = file_text(small_.at("model.safetensors"));
  std::ofstream(small_.at("cut.safetensors"), std::ios::binary) << bytes.substr(0, bytes.size() - 64);
  expect(with(small_.at("cut.safetensors")), 3, {"cut.safetensors"});
  // A head of three rows where the file itself speaks of four classes.
  const SafetensorsFile file(small_.at("model.safetensors"));
  NamedTensors tensors;
  for (const TensorInfo& info : file.tensors()) {
    const at::Tensor tensor = file.read(info.name);
    tensors.emplace_back(info.name, info.name.starts_with("head.") ? tensor.narrow(0, 0, 3).contiguous() : tensor);
  }
  write_safetensors(small_.at("three.safetensors"), tensors, file.metadata());
  expect(with(small_.at("three.safetensors")), 3, {"three.safetensors", "head."});
  small_.become_imagenet();
  small_.write_config("suites:\n  - {name: s, kind: imagenet_a, data: " + small_.at("val") + "}\ndevice: cpu\n");
  refuse({}, {"suites.s: the model has 4 classes; this data set needs all of ImageNet's 1000"});
}

}  // namespace
}  // namespace luvit::test
