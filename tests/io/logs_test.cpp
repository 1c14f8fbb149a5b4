// The files that grow during a run, and hashes.
#include <cstring>

#include "files_for_test.h"
#include "luvit/io/json_lines.h"
#include "luvit/io/json_text.h"
#include "luvit/io/sha256.h"
#include "luvit/io/tensorboard.h"

namespace luvit {
namespace {

using namespace std::string_view_literals;

TEST(JsonLines, CutsOffATornLineAndGoesOn) {
  TemporaryFolder folder;
  fs::path path = folder / "metrics.jsonl";
  JsonLines(path).write(R"({"step":1})");
  write_bytes(path, read_file(path) + R"({"step":2,"lo)");
  JsonLines(path).write(R"({"step":2})");
  EXPECT_EQ(read_file(path), "{\"step\":1}\n{\"step\":2}\n");
  write_bytes(path, std::string(9999, 'x'));  // nothing but a torn line, longer than a block
  JsonLines lines(path);
  EXPECT_EQ(read_file(path), "");
}

TEST(JsonLines, NamesAFileThatCannotBeWritten) {
  EXPECT_THROW(JsonLines("/proc/none/metrics.jsonl"), RunError);
  if (fs::exists("/dev/full")) {
    JsonLines full("/dev/full");
    try {
      full.write("{}");
      FAIL() << "no error";
    } catch (const RunError& error) {
      EXPECT_TRUE(contains(error.what(), "disk full")) << error.what();
    }
  }
}

TEST(JsonText, RefusesWhatParsersLetPass) {
  require_sound_json(R"({"a":{"a":[1,{"a":null}]}})", "x.json");
  EXPECT_TRUE(
      contains(data_error([] { require_sound_json(R"({"a":1,"a":2})", "x.json"); }), "x.json: the JSON key 'a'"));
  EXPECT_TRUE(contains(data_error([] { require_sound_json("{", "x.json"); }), "not valid JSON"));
}

TEST(Sha256, KnownAnswers) {  // FIPS 180-4's examples
  EXPECT_EQ(sha256_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  TemporaryFolder folder;
  write_bytes(folder / "a", std::string(3 << 20, 'a'));
  EXPECT_EQ(sha256_of_file(folder / "a"), sha256_of(std::string(3 << 20, 'a')));
}

// A frame by hand, from the formats' definitions: step 3, tag "loss", value 0.5.
TEST(TensorBoard, WritesTfRecords) {
  TemporaryFolder folder;
  {
    TensorBoardWriter writer(folder.path());
    writer.scalar("loss", 3, 0.5);
    writer.png("picture", 4, 2, 3, "PNG");
  }
  fs::path path = fs::directory_iterator(folder.path())->path();
  EXPECT_TRUE(path.filename().string().starts_with("events.out.tfevents."));
  std::string bytes = read_file(path);
  std::vector<std::string> records;
  for (std::size_t at = 0; at < bytes.size();) {
    std::uint64_t length = 0;
    std::memcpy(&length, &bytes[at], 8);
    records.push_back(bytes.substr(at + 12, length));
    at += 12 + length + 4;
  }
  ASSERT_EQ(records.size(), 3u);
  EXPECT_TRUE(contains(records[0], "brain.Event:2"));
  EXPECT_EQ(records[1].substr(9), "\x10\x03\x2a\x0d\x0a\x0b\x0a\4loss\x15\0\0\0\x3f"sv);
  EXPECT_TRUE(contains(records[2], "\x08\x02\x10\x03\x18\x03\x22\x03PNG"sv));
  // The masked checksum of a length of 26, computed apart from this code.
  std::uint32_t length_crc = 0;
  std::memcpy(&length_crc, &bytes[12 + records[0].size() + 4 + 8], 4);
  EXPECT_EQ(length_crc, 0x2dd89b12u);
}

}  // namespace
}  // namespace luvit
