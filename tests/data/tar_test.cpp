#include <cstdlib>
#include <fstream>

#include "luvit/core/random.h"
#include "luvit/data/dataset.h"
#include "test_files.h"

namespace luvit {
namespace {

using testing::data_error;
using testing::TarText;
using testing::TestFolder;

std::vector<std::string> contents(const Dataset& set) {
  std::vector<std::string> all;
  std::vector<std::uint8_t> buffer;
  for (std::int64_t i = 0; i < set.size(); ++i) {
    set.read(i, buffer);
    all.emplace_back(buffer.begin(), buffer.end());
  }
  return all;
}

std::vector<std::int64_t> labels(const Dataset& set) {
  std::vector<std::int64_t> all;
  for (std::int64_t i = 0; i < set.size(); ++i) all.push_back(set.label(i));
  return all;
}

TEST(Tar, ReadsWebDatasetShardsInMemberOrder) {
  const TestFolder root;
  const auto shard = root.write("s-1.tar", TarText()
                                               .add("b.jpg", "bee")
                                               .add("b.cls", "7")
                                               .add("b.json", "{}")
                                               .add("a.cls", " 2\n")
                                               .add("a.PNG", std::string(700, 'a'))
                                               .whole());
  root.write("s-0.tar", TarText().add("dir/", "", '5').add("dir/c.jpeg", "sea").add("dir/c.cls", "0").whole());
  const auto set = open_dataset({root / "s-{1,0}.tar"}, true);
  EXPECT_EQ(contents(*set), (std::vector<std::string>{"bee", std::string(700, 'a'), "sea"}));
  EXPECT_EQ(labels(*set), (std::vector<std::int64_t>{7, 2, 0}));
  EXPECT_EQ(set->name(1), shard.string() + ":a.PNG");
  EXPECT_EQ(set->classes().size(), 8u);
  EXPECT_EQ(set->classes()[7], "7");
}

TEST(Tar, LeavesOutHiddenMembersLinksAndSecondExtensions) {
  const TestFolder root;
  const auto shard = root.write("s.tar", TarText()
                                             .add("._a.jpg", "apple")
                                             .add("a.jpg", "A")
                                             .add("a.seg.png", "mask")
                                             .add("l.jpg", "", '2')
                                             .add("dir/.x.jpg", "x")
                                             .add("./b.jpg", "B")
                                             .whole());
  for (const char* index : {"made", "cached"}) {
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(contents(*open_dataset({shard}, false)), (std::vector<std::string>{"A", "B"}));
    const std::string said = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(said.find("2 members look like images"), std::string::npos) << index << ": " << said;
    EXPECT_NE(said.find("first a.seg.png"), std::string::npos) << index << ": " << said;
  }
}

// What the system's tar writes, in each of its formats, with a name longer than a header holds.
class TarFormat : public ::testing::TestWithParam<const char*> {};
TEST_P(TarFormat, OfTheSystemsTarIsRead) {
  const TestFolder root;
  const std::string folder(90, 'd'), file = std::string(80, 'f') + ".jpg";
  root.write("in/" + folder + "/" + file, "long");
  root.write("in/" + folder + "/short.jpg", std::string(1000, 's'));
  const std::string command = "tar --format=" + std::string(GetParam()) + " --sort=name -C " + (root / "in").string() +
                              " -cf " + (root / "s.tar").string() + " " + folder;
  ASSERT_EQ(std::system(command.c_str()), 0);
  const auto set = open_dataset({root / "s.tar"}, false);
  EXPECT_EQ(contents(*set), (std::vector<std::string>{"long", std::string(1000, 's')}));
  EXPECT_EQ(set->name(0), (root / "s.tar").string() + ":" + folder + "/" + file);
}
INSTANTIATE_TEST_SUITE_P(All, TarFormat, ::testing::Values("ustar", "gnu", "pax"));

TEST(Tar, ErrorsNameTheShard) {
  const TestFolder root;
  const std::string whole = TarText().add("a.jpg", std::string(2000, 'a')).add("b.jpg", "b").whole();
  const auto error = [&](const std::string& bytes, bool wanted = false) {
    root.write("s.tar", bytes);
    const std::string message = data_error([&] { open_dataset({root / "s.tar"}, wanted); });
    EXPECT_NE(message.find((root / "s.tar").string()), std::string::npos) << message;
    return message;
  };
  for (const std::size_t bytes : {300, 1000, 2500, 2560, 2561, 3000}) {
    const std::string message = error(whole.substr(0, bytes));
    EXPECT_NE(message.find(bytes < 512 ? "not a tar" : "cut short"), std::string::npos) << bytes << ": " << message;
  }
  EXPECT_NE(error("a text of any kind" + std::string(1000, '.')).find("not a tar archive"), std::string::npos);
  EXPECT_NE(error("").find("not a tar archive"), std::string::npos);
  std::string damaged = whole;
  damaged[2560 + 5] = 'X';
  EXPECT_NE(error(damaged).find("damaged: no header at byte 2560"), std::string::npos);
  EXPECT_NE(error(TarText().add("a.txt", "x").whole()).find("no image in this archive"), std::string::npos);
  EXPECT_NE(error(whole, true).find("no .cls member"), std::string::npos);
  EXPECT_NE(error(TarText().add("a.jpg", "a").add("a.cls", "cat").whole(), true).find("'cat'"), std::string::npos);
}

TEST(Tar, ItsIndexIsKeptAwayFromTheDataAndOnlyBelievedWhileTheShardIsTheSame) {
  const TestFolder root;
  const auto entries = [&] {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(root / ".cache/tar-index")) found.push_back(entry.path());
    return found;
  };
  const auto shard = root.write("data/s.tar", TarText().add("a.jpg", "old").whole());
  open_dataset({shard}, false);
  ASSERT_EQ(entries().size(), 1u);
  EXPECT_EQ(std::distance(fs::directory_iterator(root / "data"), fs::directory_iterator()), 1);

  // Same size and time of change: the index is believed, so the renamed member keeps its old name in it.
  const auto time = fs::last_write_time(shard);
  root.write("data/s.tar", TarText().add("b.jpg", "new").whole());
  fs::last_write_time(shard, time);
  EXPECT_EQ(open_dataset({shard}, false)->name(0), shard.string() + ":a.jpg");
  fs::last_write_time(shard, time + std::chrono::seconds(1));
  EXPECT_EQ(open_dataset({shard}, false)->name(0), shard.string() + ":b.jpg");
  ASSERT_EQ(entries().size(), 1u);

  // A damaged entry is made anew.
  for (const std::uintmax_t size : {0, 10, 60}) {
    fs::resize_file(entries()[0], size);
    EXPECT_EQ(open_dataset({shard}, false)->size(), 1);
  }
  // A folder in the way of the cache costs nothing but time.
  fs::remove_all(root / ".cache");
  root.write(".cache", "a file");
  EXPECT_EQ(open_dataset({shard}, false)->size(), 1);
}

std::int64_t fuzz_count() {
  const char* count = std::getenv("LUVIT_FUZZ_COUNT");
  return count ? std::atoll(count) : 2000;
}

// Bytes changed, cut and doubled at random places: a DataError or a set whose samples can be read, nothing else.
TEST(Tar, MutatedArchivesGiveADataErrorOrASet) {
  const TestFolder root;
  // No cache: writing it durably would take most of the time.
  ::setenv("LUVIT_CACHE", "", 1);
  ::unsetenv("XDG_CACHE_HOME");
  ::unsetenv("HOME");
  std::string pax = TarText()
                        .add("x", "31 path=pax/long/name/file.jpg\n11 size=40\n", 'x')
                        .add("p.jpg", std::string(40, 'p'))
                        .unfinished();
  const std::string original = TarText()
                                   .add("././@LongLink", std::string(120, 'l') + ".jpg", 'L')
                                   .add("l.jpg", "long")
                                   .add("a.jpg", std::string(600, 'a'))
                                   .add("a.cls", "3")
                                   .unfinished() +
                               pax + std::string(1024, '\0');
  std::int64_t opened = 0;
  for (std::int64_t i = 0; i < fuzz_count(); ++i) {
    Random random(1, 0, static_cast<std::uint64_t>(i), Purpose::synthetic);
    std::string bytes = original;
    for (std::uint64_t n = random.below(4) + 1; n > 0; --n)
      bytes[random.below(bytes.size())] = static_cast<char>(random.bits());
    if (random.below(4) == 0) bytes.resize(random.below(bytes.size()));
    // Headers whose sum is right reach the code behind the check.
    for (std::size_t at = 0; random.below(2) == 0 && at + 512 <= bytes.size(); at += 512) {
      if (bytes.compare(at + 257, 5, "ustar") != 0) continue;
      std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at) + 148, 8, ' ');
      unsigned sum = 0;
      for (std::size_t k = 0; k < 512; ++k) sum += static_cast<unsigned char>(bytes[at + k]);
      std::snprintf(bytes.data() + at + 148, 8, "%06o", sum);
    }
    const auto shard = root.write("s.tar", bytes);
    try {
      const auto set = open_dataset({shard}, random.below(2) == 0);
      contents(*set);
      ++opened;
    } catch (const DataError&) {
    }
  }
  EXPECT_GT(opened, 0);
}

}  // namespace
}  // namespace luvit
