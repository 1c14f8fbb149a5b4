#include "luvit/weights/inspect.h"

#include "luvit/weights/import.h"
#include "models_for_test.h"

namespace luvit {
namespace {

fs::path vit_fixture(const std::string& name) {
  return fs::path(LUVIT_SOURCE_DIR) / "tests/parity/fixtures/weights" / name;
}

bool lists(const Inspection& found, const std::string& name, std::vector<std::int64_t> shape) {
  return std::any_of(found.tensors.begin(), found.tensors.end(),
                     [&](const TensorInfo& info) { return info.name == name && info.shape == shape; });
}

TEST(Inspect, KnowsEveryFormByItsContent) {
  TemporaryFolder folder;
  for (const auto kind : {ModelKind::encoder, ModelKind::pretraining, ModelKind::classifier}) {
    save_filled(folder / "misleading.pth", small_model(kind));
    EXPECT_EQ(inspect(folder / "misleading.pth").kind, kind_name(kind));
  }
  EXPECT_EQ(inspect(vit_fixture("timm.safetensors")).kind, "timm");
  EXPECT_EQ(inspect(vit_fixture("mae_encoder.pth")).kind, "mae");
  EXPECT_EQ(inspect(fixture("llama/meta2")).kind, "meta");
  EXPECT_EQ(inspect(fixture("llama/sharded")).kind, "hugging_face");
  EXPECT_EQ(inspect(fixture("llama/bin")).kind, "hugging_face");
  EXPECT_EQ(inspect(fixture("peft")).kind, "peft");
  EXPECT_EQ(inspect(fixture("every_type.safetensors")).kind, "safetensors");
  EXPECT_EQ(inspect(fixture("pickle/state_dict.pth")).kind, "torch");
  import_weights(fixture("llama/single"), folder / "block", {});
  EXPECT_EQ(inspect(folder / "block").kind, "block");
  import_weights(fixture("peft"), folder / "adapter", {});
  EXPECT_EQ(inspect(folder / "adapter").kind, "adapter");
}

TEST(Inspect, ListsTensorsAndMetadata) {
  const Inspection mae = inspect(vit_fixture("mae_checkpoint.pth"));
  EXPECT_EQ(mae.metadata.at("epoch"), "799");
  EXPECT_EQ(mae.metadata.at("args.model"), "mae_vit_base_patch16");
  EXPECT_EQ(mae.metadata.at("args.norm_pix_loss"), "true");
  EXPECT_TRUE(lists(mae, "mask_token", {1, 1, 32}));
  const Inspection llama = inspect(fixture("llama/sharded"));
  EXPECT_TRUE(lists(llama, "model.layers.2.self_attn.k_proj.weight", {8, 16}));
  EXPECT_TRUE(contains(llama.metadata.at("config.json"), "\"llama\""));
  // A shard has its part of a tensor.
  const Inspection meta = inspect(fixture("llama/meta2"));
  EXPECT_TRUE(lists(meta, "layers.2.attention.wq.weight", {8, 16}));
  EXPECT_TRUE(lists(meta, "layers.2.attention.wq.weight (consolidated.01.pth)", {8, 16}));
}

TEST(Inspect, WritesJsonAndText) {
  const Inspection found{.kind = "safetensors",
                         .path = "a\x1b[31m",
                         .tensors = {{"w\"", at::kBFloat16, {2, 3}}, {"s", at::kFloat, {}}},
                         .metadata = {{"note", "one\ntwo"}}};
  EXPECT_EQ(inspection_json(found),
            "{\n  \"kind\": \"safetensors\",\n  \"tensors\": {\n    \"w\\\"\": {\n      \"dtype\": \"BF16\",\n      "
            "\"shape\": [\n        2,\n        3\n      ]\n    },\n    \"s\": {\n      \"dtype\": \"F32\",\n      "
            "\"shape\": []\n    }\n  },\n  \"metadata\": {\n    \"note\": \"one\\ntwo\"\n  }\n}\n");
  const std::string text = inspection_text(found);
  EXPECT_TRUE(contains(text, "safetensors, 2 tensors, 7 values, 16 B"));
  EXPECT_FALSE(contains(text, "\x1b"));
  EXPECT_TRUE(contains(text, "BF16  [2, 3]"));
}

TEST(Inspect, SaysWhatItDoesNotKnow) {
  TemporaryFolder folder;
  EXPECT_TRUE(contains(data_error([&] { inspect(folder / "gone"); }), "no such file or folder"));
  EXPECT_TRUE(contains(data_error([&] { inspect(folder.path()); }), "no state.json, config.json"));
  write_bytes(folder / "text", "neither the one nor the other");
  EXPECT_TRUE(contains(data_error([&] { inspect(folder / "text"); }), "neither safetensors nor a torch file"));
}

}  // namespace
}  // namespace luvit
