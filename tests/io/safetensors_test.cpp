#include <cstring>

#include "files_for_test.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

std::string file_of(std::string_view header, std::string_view data) {
  std::uint64_t size = header.size();
  std::string out(reinterpret_cast<const char*>(&size), sizeof size);
  return out.append(header).append(data);
}

TEST(Safetensors, ReadsWhatTheReferenceLibraryWrites) {
  SafetensorsFile file(fixture("every_type.safetensors"));
  EXPECT_EQ(file.metadata().at("note"), "line\n\"é\"");
  EXPECT_EQ(file.tensors().size(), 19u);
  EXPECT_EQ(file.read("scalar").item<float>(), 1.5f);
  EXPECT_EQ(file.read("scalar").dim(), 0);
  EXPECT_EQ(file.read("empty").sizes(), at::IntArrayRef({0, 3}));
  EXPECT_TRUE(file.has("name with \"quotes\" é\n"));
  at::Tensor expected = at::tensor({0, 1, 1, 0, 1, 1}).view({3, 2});
  for (const TensorInfo& info : file.tensors()) {
    if (info.shape != std::vector<std::int64_t>{3, 2}) continue;
    at::Tensor tensor = file.read(info.name);
    EXPECT_EQ(tensor.scalar_type(), info.type);
    EXPECT_TRUE(at::equal(at::real(tensor.to(at::kComplexFloat)).to(at::kInt), expected.to(at::kInt))) << info.name;
  }
}

TEST(Safetensors, WritesTheReferenceLibrarysBytes) {
  TemporaryFolder folder;
  SafetensorsFile file(fixture("every_type.safetensors"));
  NamedTensors tensors;
  for (const TensorInfo& info : file.tensors()) tensors.emplace_back(info.name, file.read(info.name));
  std::reverse(tensors.begin(), tensors.end());
  write_safetensors(folder / "again.safetensors", tensors, file.metadata());
  EXPECT_EQ(read_file(folder / "again.safetensors"), read_file(fixture("every_type.safetensors")));
}

TEST(Safetensors, WritesStridedTensorsContiguously) {
  TemporaryFolder folder;
  at::Tensor t = at::arange(12, at::kFloat).view({3, 4}).t();
  write_safetensors(folder / "t", {{"t", t}}, {});
  EXPECT_TRUE(same(SafetensorsFile(folder / "t").read("t"), t.contiguous()));
  EXPECT_TRUE(SafetensorsFile(folder / "t").metadata().empty());
}

TEST(Safetensors, RefusesToWriteWhatCannotBeRead) {
  TemporaryFolder folder;
  at::Tensor t = at::zeros({2});
  EXPECT_THROW(write_safetensors(folder / "t", {{"a", t}, {"a", t}}, {}), RunError);
  EXPECT_THROW(write_safetensors(folder / "t", {{"a", t.to(at::kComplexDouble)}}, {}), RunError);
  EXPECT_FALSE(fs::exists(folder / "t"));
}

struct Malformed {
  const char* name;
  std::string bytes;
  const char* message;
};

class MalformedSafetensors : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedSafetensors, IsRefusedWithFileAndReason) {
  TemporaryFolder folder;
  fs::path path = folder / "bad.safetensors";
  write_bytes(path, GetParam().bytes);
  std::string message = data_error([&] { SafetensorsFile{path}; });
  EXPECT_TRUE(contains(message, path.string())) << message;
  EXPECT_TRUE(contains(message, GetParam().message)) << message;
  EXPECT_FALSE(contains(message, "\n")) << message;
}

std::string one(std::string_view entry, std::size_t bytes) {
  return file_of(str("{\"a\":", entry, "}"), std::string(bytes, 'x'));
}

INSTANTIATE_TEST_SUITE_P(
    Header, MalformedSafetensors,
    testing::Values(
        Malformed{"Empty", "", "0 bytes"}, Malformed{"Short", "1234567", "7 bytes"},
        Malformed{"HugeHeader", std::string(8, '\xff'), "at most 100000000"},
        Malformed{"CutHeader", file_of("{}", "").substr(0, 9), "cut short"},
        Malformed{"NotJson", file_of("{\"a\":}", ""), "not valid JSON"},
        Malformed{"NotAnObject", file_of("[]", ""), "does not begin with '{'"},
        Malformed{"Trailing", file_of("{}x", ""), "not valid JSON"},
        Malformed{"BrokenUtf8", file_of("{\"\xff\":1}", ""), "not valid JSON"},
        Malformed{"Deep", file_of("{\"a\":" + std::string(100000, '['), ""), "nested deeper"},
        Malformed{
            "Twice",
            file_of(
                R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                "xx"),
            "stands twice"},
        Malformed{"NoShape", one(R"({"dtype":"U8","data_offsets":[0,1]})", 1), "nothing else"},
        Malformed{"Surplus", one(R"({"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1})", 1), "nothing else"},
        Malformed{"UnknownType", one(R"({"dtype":"F5","shape":[1],"data_offsets":[0,1]})", 1), "'F5'"},
        Malformed{"Negative", one(R"({"dtype":"U8","shape":[-1],"data_offsets":[0,1]})", 1), "whole numbers"},
        Malformed{"Fraction", one(R"({"dtype":"U8","shape":[1.0],"data_offsets":[0,1]})", 1), "whole numbers"},
        Malformed{"Overflow", one(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]})", 0),
                  "64 bits"},
        Malformed{"EmptyOverflow", one(R"({"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,0]})", 0),
                  "64 bits"},
        Malformed{"WrongBytes", one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,7]})", 7),
                  "need 8 bytes, data_offsets hold 7"},
        Malformed{"Backwards", one(R"({"dtype":"U8","shape":[1],"data_offsets":[1,0]})", 1), "[begin, end]"},
        Malformed{"Hole", one(R"({"dtype":"U8","shape":[1],"data_offsets":[1,2]})", 2),
                  "begins at byte 1 of the data, expected 0"},
        Malformed{
            "Overlap",
            file_of(
                R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
                "xxx"),
            "expected 2"},
        Malformed{"CutData", one(R"({"dtype":"U8","shape":[4],"data_offsets":[0,4]})", 3),
                  "need 4 bytes, the file holds 3"},
        Malformed{"Surplus2", one(R"({"dtype":"U8","shape":[1],"data_offsets":[0,1]})", 3), "2 bytes at its end"},
        Malformed{"Metadata", file_of(R"({"__metadata__":{"a":1}})", ""), "'a' is not a string"}),
    [](const auto& test) { return test.param.name; });

TEST(Safetensors, NamesMissingFileFolderAndTensor) {
  TemporaryFolder folder;
  EXPECT_TRUE(contains(data_error([&] { SafetensorsFile(folder / "none"); }), "none"));
  EXPECT_TRUE(contains(data_error([&] { SafetensorsFile{folder.path()}; }), "it is a folder"));
  SafetensorsFile file(fixture("every_type.safetensors"));
  EXPECT_TRUE(contains(data_error([&] { file.read("absent"); }), "'absent'"));
}

}  // namespace
}  // namespace luvit
