#include "io/files_for_test.h"
#include "luvit/core/text.h"
#include "luvit/io/sha256.h"
#include "luvit/models/initial_values.h"
#include "luvit/weights/block_source.h"
#include "luvit/weights/frozen_reference.h"
#include "models_for_test.h"

namespace luvit {
namespace {

// Checkpoints as training writes them: the frozen block left out, state.json naming where it is from.
class CheckpointFolder : public testing::Test {
 protected:
  std::string record(const char* name) const {
    return str('"', name, R"(":{"bytes":)", fs::file_size(checkpoint_ / name), R"(,"sha256":")",
               sha256_of_file(checkpoint_ / name), "\"}");
  }

  void write(Encoder& model, const OpenedModel& description, const std::string& frozen_block) {
    fs::create_directories(checkpoint_);
    NamedTensors own;
    for (const auto& [name, tensor, role] : model.named_tensors())
      if (role != Role::frozen) own.emplace_back(name, *tensor);
    write_safetensors(checkpoint_ / "model.safetensors", own, model_metadata(description));
    write_safetensors(checkpoint_ / "optimizer.safetensors", {{"m", at::ones({3})}}, {});
    const std::string config = "model: {}\n";
    write_bytes(checkpoint_ / "state.json",
                str(R"({"luvit.format":"1","step":3,"epoch":0.5,"seed":7,"threads":1,"config":)", json_quote(config),
                    R"(,"config_sha256":")", sha256_of(config), R"(","files":{)", record("model.safetensors"), ",",
                    record("optimizer.safetensors"), R"(},"frozen_block":)", frozen_block,
                    R"(,"loss_scale":{"scale":1,"growth":0}})"));
  }

  // The test's model around the block of the fixture's folder.
  OpenedModel around_block(const BlockInfo& info) {
    OpenedModel description = small_model(ModelKind::pretraining);
    settle_fusion_options(description.options.fusion, info, {}, "fixture");
    description.options.fusion.layer = info.layer;
    return description;
  }

  TemporaryFolder folder_;
  fs::path checkpoint_ = folder_ / "step-00000003";
};

TEST_F(CheckpointFolder, RegeneratesARandomBlockFromItsSeed) {
  OpenedModel description = small_model(ModelKind::pretraining);
  for (const auto type : {at::kFloat, at::kBFloat16}) {
    auto model = make_model(description);
    initialise(*model, description.options, {.seed = 7, .frozen_type = type});
    write(*model, description, str(R"({"source":"random","seed":7,"type":")", dtype_name(type), "\"}"));
    expect_same_tensors(*loaded(checkpoint_), *model);
  }
  auto other = make_model(description);
  initialise(*other, description.options, {.seed = 8});
  EXPECT_FALSE(at::equal(tensors_of(*other).at("fusion.block.mlp.up_proj.weight"),
                         tensors_of(*loaded(checkpoint_)).at("fusion.block.mlp.up_proj.weight").to(at::kFloat)));
}

TEST_F(CheckpointFolder, TakesTheBlockFromItsSourceAndComparesItsHash) {
  const fs::path source = folder_ / "llama";
  fs::copy(fixture("qwen3"), source);
  const BlockSource block = read_block(source, 1);
  const OpenedModel description = around_block(block.info);
  auto model = filled(description);
  load_block(*model, block, at::kHalf);
  const std::string reference = str(R"({"source":)", json_quote(source.string()), R"(,"layer":)", block.info.layer,
                                    R"(,"type":"F16","sha256":")", block.sha256, "\"}");
  write(*model, description, reference);
  expect_same_tensors(*loaded(checkpoint_), *model);
  EXPECT_TRUE(describe_model(checkpoint_).options.fusion.qk_norm);

  const FrozenReference read = read_frozen_reference(checkpoint_);
  EXPECT_EQ(read.kind, FrozenReference::Kind::file);
  EXPECT_EQ(read.layer, 1);
  EXPECT_EQ(read.type, at::kHalf);

  fs::remove_all(source);
  EXPECT_TRUE(contains(data_error([&] { loaded(checkpoint_); }), source.string()));
  fs::copy(fixture("qwen3"), source);
  write(*model, description, [&] {
    std::string wrong = reference;
    wrong.replace(wrong.find(block.sha256), 8, "00000000");
    return wrong;
  }());
  EXPECT_TRUE(contains(data_error([&] { loaded(checkpoint_); }), "not the block that"));
}

TEST_F(CheckpointFolder, WithoutABlockNeedsNone) {
  for (const auto fusion : {FusionKind::none, FusionKind::mlp}) {
    const OpenedModel description = small_model(ModelKind::pretraining, fusion);
    auto model = filled(description);
    write(*model, description, "null");
    expect_same_tensors(*loaded(checkpoint_), *model);
  }
}

TEST_F(CheckpointFolder, SaysWhatIsTorn) {
  const OpenedModel description = small_model(ModelKind::pretraining, FusionKind::none);
  auto model = filled(description);
  const auto rewrite = [&] { write(*model, description, "null"); };
  const auto error = [&] { return data_error([&] { loaded(checkpoint_); }); };
  rewrite();
  fs::remove(checkpoint_ / "optimizer.safetensors");
  EXPECT_TRUE(contains(error(), "not a whole checkpoint: optimizer.safetensors is missing"));
  rewrite();
  fs::resize_file(checkpoint_ / "model.safetensors", 100);
  EXPECT_TRUE(contains(error(), "model.safetensors has 100 bytes"));
  rewrite();
  {
    std::string bytes = read_file(checkpoint_ / "model.safetensors");
    bytes.back() ^= 1;
    write_bytes(checkpoint_ / "model.safetensors", bytes);
  }
  EXPECT_TRUE(contains(error(), "model.safetensors has changed"));
  EXPECT_EQ(checkpoint_files_defect(checkpoint_, FileCheck::sizes), "");
  for (const char* text : {"", "{", "[]", "{}", R"({"luvit.format":"1"})", R"({"luvit.format":"2"})"}) {
    rewrite();
    write_bytes(checkpoint_ / "state.json", text);
    EXPECT_TRUE(contains(error(), "not a whole checkpoint")) << text;
  }
}

TEST_F(CheckpointFolder, ItsFileAloneIsNoModel) {
  const OpenedModel description = small_model(ModelKind::pretraining);
  auto model = filled(description);
  write(*model, description, R"({"source":"random","seed":7})");
  try {
    loaded(checkpoint_ / "model.safetensors");
    ADD_FAILURE();
  } catch (const DataError& error) {
    EXPECT_TRUE(contains(error.what(), "missing (fusion.block."));
    EXPECT_TRUE(contains(error.hint(), checkpoint_.string()));
  }
}

TEST_F(CheckpointFolder, ALinkToItselfIsADefectAndNoSurprise) {
  fs::create_symlink(checkpoint_, checkpoint_);
  const std::string said = "too many levels of symbolic links";
  EXPECT_TRUE(contains(checkpoint_files_defect(checkpoint_, FileCheck::hashes), said));
  EXPECT_TRUE(contains(data_error([&] { describe_model(checkpoint_); }), said));
  EXPECT_TRUE(contains(data_error([&] { describe_block(checkpoint_, 0); }), said));
}

}  // namespace
}  // namespace luvit
