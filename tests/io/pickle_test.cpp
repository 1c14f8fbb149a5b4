#include "luvit/io/pickle.h"

#include <cstring>

#include "files_for_test.h"

namespace luvit {
namespace {

class TorchFile : public testing::TestWithParam<const char*> {};

TEST_P(TorchFile, GivesTheStateDict) {
  PickleFile file(fixture(std::string("pickle/") + GetParam()));
  SafetensorsFile expected(fixture("pickle/expected.safetensors"));
  EXPECT_EQ(file.tensors().size(), expected.tensors().size());
  EXPECT_TRUE(file.others().empty());
  EXPECT_EQ(file.tensors().front().name, "a");  // the state dict's order
  for (const TensorInfo& info : expected.tensors()) {
    ASSERT_TRUE(file.has(info.name)) << info.name;
    EXPECT_TRUE(same(file.read(info.name), expected.read(info.name))) << info.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, TorchFile,
                         testing::Values("zip.pth", "zip_protocol4.pth", "legacy.pth", "legacy_protocol5.pth",
                                         "checkpoint.pth", "checkpoint_legacy.pth", "state_dict.pth"));

class Checkpoint : public testing::TestWithParam<const char*> {};

TEST_P(Checkpoint, KeepsForeignObjectsReadableAsData) {
  PickleFile file(fixture(GetParam()));
  EXPECT_EQ(file.root().find("epoch")->integer, 7);
  EXPECT_EQ(file.root().find("scaler")->kind, PickleNode::Kind::none);
  const PickleNode& args = *file.root().find("args");
  EXPECT_EQ(args.kind, PickleNode::Kind::object);
  EXPECT_EQ(args.text, "argparse.Namespace");
  EXPECT_EQ(args.find("num_heads")->integer, 12);
  EXPECT_EQ(args.find("small")->integer, -3);
  EXPECT_EQ(args.find("blr")->real, 1.5e-4);
  EXPECT_TRUE(args.find("model")->is_text("mae_vit_base_patch16"));
  EXPECT_EQ(args.find("big")->kind, PickleNode::Kind::bytes);
  EXPECT_EQ(args.find("device")->text, "torch.device");
  EXPECT_EQ(args.find("absent"), nullptr);
  EXPECT_EQ(file.root().find("module")->text, "torch.nn.modules.linear.Linear");
}

INSTANTIATE_TEST_SUITE_P(Forms, Checkpoint, testing::Values("pickle/checkpoint.pth", "pickle/checkpoint_legacy.pth"));

TEST(Pickle, SaysWhatElseAFileIs) {
  EXPECT_TRUE(contains(data_error([] { PickleFile(fixture("pickle/no_state.pth")); }), "no state dict"));
  EXPECT_TRUE(contains(data_error([] { PickleFile(fixture("pickle/script.pth")); }), "TorchScript"));
  EXPECT_TRUE(contains(data_error([] { PickleFile(fixture("every_type.safetensors")); }), "not a file by torch.save"));
  EXPECT_TRUE(looks_like_pickle(fixture("pickle/zip.pth")));
  EXPECT_TRUE(looks_like_pickle(fixture("pickle/legacy_protocol5.pth")));
  EXPECT_FALSE(looks_like_pickle(fixture("every_type.safetensors")));
}

TEST(Pickle, NamesAFileCutShort) {
  TemporaryFolder folder;
  for (const char* name : {"pickle/zip.pth", "pickle/legacy.pth"}) {
    std::string bytes = read_file(fixture(name));
    for (std::size_t cut : {std::size_t{1}, bytes.size() / 2, bytes.size() - 40}) {
      fs::path path = folder / "cut.pth";
      write_bytes(path, bytes.substr(0, bytes.size() - cut));
      std::string message = data_error([&] { PickleFile{path}; });
      EXPECT_TRUE(contains(message, "cut.pth")) << message;
    }
  }
}

// Pickles by hand, behind the three small ones that open the older container and before an empty list of storages.
std::string legacy_file(std::string_view object) {
  std::string head = read_file(fixture("pickle/legacy.pth"));
  head.resize(head.find("\x80\x02", head.find("type_sizes")));  // where the object begins
  return head.append(object).append("\x80\x02].", 4);
}

struct Hostile {
  const char* name;
  std::string object, message;
};
class HostilePickle : public testing::TestWithParam<Hostile> {};

TEST_P(HostilePickle, IsRefused) {
  TemporaryFolder folder;
  write_bytes(folder / "bad.pth", legacy_file(GetParam().object));
  std::string message = data_error([&] { PickleFile(folder / "bad.pth"); });
  EXPECT_TRUE(contains(message, GetParam().message)) << message;
}

std::string bytes(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (std::string_view part : parts) out += part;
  return out;
}
using namespace std::string_literals;
using namespace std::string_view_literals;

INSTANTIATE_TEST_SUITE_P(
    Pickles, HostilePickle,
    testing::Values(Hostile{"RunsNothing",
                            "\x80\x02"
                            "cos\nsystem\nX\4\0\0\0true\x85R."s,
                            "os.system"},
                    Hostile{"Underflow",
                            "\x80\x02"
                            "0."s,
                            "stack empty"},
                    Hostile{"NoMark",
                            "\x80\x02"
                            "t."s,
                            "no mark"},
                    Hostile{"BelowMark", "\x80\x02N(0."s, "no state dict"},
                    Hostile{"Unremembered", "\x80\x02h\5."s, "nothing is remembered as 5"},
                    Hostile{"Protocol", "\x80\x09."s, "protocol 9"},
                    Hostile{"TextOpcode", "\x80\x02I5\n."s, "unknown opcode"},
                    Hostile{"HugeText", "\x80\x02X\xff\xff\xff\x7f."s, "a string of 2147483647 bytes"},
                    Hostile{"HugeText8", "\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xff."s, "a string of"},
                    Hostile{"OddItems", "\x80\x02}(Nu."s, "key without a value"},
                    Hostile{"NotStorage", "\x80\x02]Q."s, "other than a storage"},
                    Hostile{"CallsText", "\x80\x02X\1\0\0\0x)R."s, "no function"},
                    Hostile{"NoEnd",
                            "\x80\x02"
                            "N"s,
                            "ends too early"}),
    [](const auto& test) { return test.param.name; });

// {'t': _rebuild_tensor_v2(storage of 2 floats, offset, (n,), (stride,), False, OrderedDict())}
std::string tensor_pickle(std::string_view offset, std::string_view size, std::string_view stride) {
  return bytes(
      {"\x80\x02}X\1\0\0\0tctorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0000X\3\0\0\0cpuK\2tQ"sv,
       offset, size, "\x85"sv, stride, "\x85\x89N"sv, "tRs."sv});
}

TEST(Pickle, HoldsTensorsToTheirStorage) {
  TemporaryFolder folder;
  auto open = [&](const std::string& object) {
    std::string file = legacy_file(object);
    file.resize(file.size() - 2);  // a list of one key in place of the empty list
    file.append("]X\1\0\0\0000a."sv).append("\2\0\0\0\0\0\0\0"sv).append(8, '\0');
    write_bytes(folder / "t.pth", file);
    PickleFile opened(folder / "t.pth");
    return opened.read("t");
  };
  EXPECT_EQ(open(tensor_pickle("K\0"sv, "K\2"sv, "K\1"sv)).sizes(), at::IntArrayRef({2}));
  EXPECT_EQ(open(tensor_pickle("K\2"sv, "K\0"sv, "K\1"sv)).numel(), 0);
  EXPECT_EQ(open(tensor_pickle("K\1"sv, "K\5"sv, "K\0"sv)).numel(), 5);  // one element, five times
  auto beyond = [&](std::string_view offset, std::string_view size, std::string_view stride) {
    EXPECT_TRUE(contains(data_error([&] { open(tensor_pickle(offset, size, stride)); }), "storage '0'"));
  };
  beyond("K\1"sv, "K\2"sv, "K\1"sv);
  beyond("K\0"sv, "K\2"sv, "K\2"sv);
  beyond("\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f"sv, "K\2"sv, "K\1"sv);
  beyond("K\0"sv, "K\3"sv, "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f"sv);
  beyond("K\0"sv, "\x8a\x07\xff\xff\xff\xff\xff\xff\x7f"sv, "K\0"sv);  // repeated without end
}

}  // namespace
}  // namespace luvit
