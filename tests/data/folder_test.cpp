#include <sys/stat.h>

#include "luvit/data/dataset.h"
#include "test_files.h"

namespace luvit {
namespace {

using testing::data_error;
using testing::TestFolder;

std::vector<std::string> names(const Dataset& set) {
  std::vector<std::string> all;
  for (std::int64_t i = 0; i < set.size(); ++i) all.push_back(set.name(i));
  return all;
}

std::string text(const Dataset& set, std::int64_t index) {
  std::vector<std::uint8_t> buffer;
  set.read(index, buffer);
  return {buffer.begin(), buffer.end()};
}

TEST(Folder, ListsImagesOfAnyCaseInTheByteOrderOfTheirPaths) {
  const TestFolder root;
  for (const char* name : {"b/2.JPG", "b/10.jpeg", "a-b/x.png", "a/y.WebP", "a/deep/er/z.TIFF", "top.bmp", "Z.tif"}) {
    root.write(name, name);
  }
  for (const char* name : {"a/notes.txt", ".hidden.jpg", ".git/x.jpg", "a/.DS_Store", "b/jpg"}) root.write(name, name);
  const auto set = open_dataset({root.path().string()}, false);
  const std::string at = root.path().string() + "/";
  const std::vector<std::string> expected = {at + "Z.tif",    at + "a-b/x.png", at + "a/deep/er/z.TIFF",
                                             at + "a/y.WebP", at + "b/10.jpeg", at + "b/2.JPG",
                                             at + "top.bmp"};
  EXPECT_EQ(names(*set), expected);
  EXPECT_EQ(text(*set, 2), "a/deep/er/z.TIFF");
  EXPECT_EQ(set->label(0), -1);
  EXPECT_TRUE(set->classes().empty());
}

TEST(Folder, ClassesAreTheFoldersBelowTheRootInByteOrder) {
  const TestFolder root;
  for (const char* name : {"dog/1.jpg", "cat/1.jpg", "Zebra/sub/1.jpg", "cat/2.jpg"}) root.write(name, "x");
  const auto set = open_dataset({root.path().string() + "/"}, true);
  EXPECT_EQ(set->classes(), (std::vector<std::string>{"Zebra", "cat", "dog"}));
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < set->size(); ++i) labels.push_back(set->label(i));
  EXPECT_EQ(labels, (std::vector<std::int64_t>{0, 1, 1, 2}));
}

TEST(Folder, ClassesOfSeveralFoldersAreJoined) {
  const TestFolder root;
  for (const char* name : {"one/b/1.jpg", "one/d/1.jpg", "two/a/1.jpg", "two/d/1.jpg"}) root.write(name, "x");
  const auto set = open_dataset({root / "two", root / "one"}, true);
  EXPECT_EQ(set->classes(), (std::vector<std::string>{"a", "b", "d"}));
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < set->size(); ++i) labels.push_back(set->label(i));
  EXPECT_EQ(labels, (std::vector<std::int64_t>{0, 2, 1, 2}));
}

TEST(Folder, FollowsLinksAndEndsInLoops) {
  const TestFolder root;
  root.write("data/a/1.jpg", "x");
  root.write("elsewhere/2.jpg", "y");
  fs::create_directory_symlink(root / "elsewhere", root / "data/linked");
  fs::create_directory_symlink(root / "data", root / "data/a/back");
  fs::create_symlink(root / "elsewhere/2.jpg", root / "data/a/3.jpg");
  const auto set = open_dataset({root / "data"}, false);
  const std::string at = (root / "data").string();
  EXPECT_EQ(names(*set), (std::vector<std::string>{at + "/a/1.jpg", at + "/a/3.jpg", at + "/linked/2.jpg"}));
  EXPECT_EQ(text(*set, 1), "y");
}

// A folder, a link to itself and a pipe that call themselves images are found when they are read, never passed over.
TEST(Folder, WhatCannotBeReadIsReportedByName) {
  const TestFolder root;
  root.write("ok.jpg", "x");
  fs::create_directory(root / "folder.jpg");
  fs::create_symlink(root / "loop.jpg", root / "loop.jpg");
  ASSERT_EQ(::mkfifo((root / "pipe.jpg").c_str(), 0600), 0);
  const auto set = open_dataset({root.path().string()}, false);
  ASSERT_EQ(set->size(), 4);
  for (const std::int64_t i : {0, 1, 3}) {
    const std::string error = data_error([&] { text(*set, i); });
    EXPECT_NE(error.find(set->name(i)), std::string::npos) << error;
  }
}

TEST(Folder, OneThatCallsItselfAnImageIsAnOrdinaryOneWhereItHoldsImages) {
  const TestFolder root;
  root.write("photos.jpg/a.png", "a");
  fs::create_directories(root / "bare.jpg/deeper");
  const auto set = open_dataset({root.path().string()}, false);
  EXPECT_EQ(names(*set), (std::vector<std::string>{root / "bare.jpg", root / "photos.jpg/a.png"}));
  EXPECT_NE(data_error([&] { text(*set, 0); }).find("bare.jpg: it is a folder"), std::string::npos);
  EXPECT_EQ(text(*set, 1), "a");
  fs::remove_all(root / "bare.jpg");
  EXPECT_EQ(open_dataset({root.path().string()}, true)->classes(), std::vector<std::string>{"photos.jpg"});
}

TEST(Folder, ErrorsNameThePathWhatWasFoundAndTheLayout) {
  const TestFolder root;
  fs::create_directories(root / "bare/sub");
  root.write("text/readme.txt", "x");
  root.write("flat/1.jpg", "x");
  root.write("classes/full/1.jpg", "x");
  fs::create_directories(root / "classes/empty");
  const auto error = [&](const std::string& path, bool labels) {
    const std::string message = data_error([&] { open_dataset({path}, labels); });
    EXPECT_NE(message.find(path), std::string::npos) << message;
    return message;
  };
  EXPECT_NE(error(root / "nowhere", false).find("no such file or folder"), std::string::npos);
  EXPECT_NE(error(root / "bare", false).find("found 1 folders and 0 other files"), std::string::npos);
  EXPECT_NE(error(root / "text", false).find("1 other files"), std::string::npos);
  EXPECT_NE(error(root / "flat", true).find("ROOT/CLASS/IMAGE"), std::string::npos);
  EXPECT_NE(error(root / "classes", true).find("empty: a class folder without an image"), std::string::npos);
  EXPECT_NO_THROW(open_dataset({root / "classes"}, false));
  EXPECT_NO_THROW(open_dataset({root / "flat"}, false));
}

TEST(Sources, AreExpandedAndFollowOneAnother) {
  const TestFolder root;
  for (const char* name : {"s-008/1.jpg", "s-009/1.jpg", "s-010/1.jpg", "extra/1.jpg", "x{1,2}/1.jpg"})
    root.write(name, "x");
  const auto at = [&](const std::string& name) { return (root / name).string(); };
  const auto count = [&](const std::vector<std::string>& sources) { return open_dataset(sources, false)->size(); };
  const auto ranged = open_dataset({at("extra"), at("s-{010..008}")}, false);
  EXPECT_EQ(names(*ranged),
            (std::vector<std::string>{at("extra/1.jpg"), at("s-010/1.jpg"), at("s-009/1.jpg"), at("s-008/1.jpg")}));
  const auto globbed = open_dataset({at("s-*")}, false);
  EXPECT_EQ(names(*globbed), (std::vector<std::string>{at("s-008/1.jpg"), at("s-009/1.jpg"), at("s-010/1.jpg")}));
  EXPECT_EQ(count({at("{extra,s-0{08,09}}")}), 3);
  EXPECT_EQ(count({at("s-0?{8,9,0}")}), 3);
  EXPECT_EQ(count({at("x{1,2}")}), 1);  // a path that exists as it is written
  EXPECT_NE(data_error([&] { count({at("none-*")}); }).find("none-*"), std::string::npos);
  EXPECT_NE(data_error([&] { count({at("s-{008..011}")}); }).find("s-011"), std::string::npos);
  EXPECT_NE(data_error([&] { count({at("s-{0..99999999}")}); }).find("more than"), std::string::npos);
  EXPECT_NE(data_error([&] { count({}); }).find("no source"), std::string::npos);
}

}  // namespace
}  // namespace luvit
