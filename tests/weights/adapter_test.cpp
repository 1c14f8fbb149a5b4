#include "luvit/weights/adapter.h"

#include <cstring>

#include "io/files_for_test.h"
#include "luvit/models/fusion.h"
#include "luvit/weights/block_source.h"

namespace luvit {
namespace {

TEST(Adapter, ReadsPeftsFolder) {
  Adapter adapter = read_adapter(fixture("peft"));
  EXPECT_EQ(adapter.rank, 4);
  EXPECT_EQ(adapter.alpha, 8);
  EXPECT_EQ(adapter.layer, 2);
  EXPECT_EQ(adapter.targets, (std::vector<std::string>{"q", "v"}));
  SafetensorsFile file(fixture("peft/adapter_model.safetensors"));
  ASSERT_EQ(adapter.tensors.size(), 4u);
  for (const auto& [name, tensor] : adapter.tensors)
    EXPECT_TRUE(same(tensor, file.read("base_model.model.model.layers.2." + name))) << name;
  EXPECT_TRUE(contains(data_error([] { read_adapter(fixture("peft"), 1); }), "has no layer 1, only 2"));
}

TEST(Adapter, SurvivesOurOwnFile) {
  TemporaryFolder folder;
  Adapter adapter = read_adapter(fixture("peft"));
  write_safetensors(folder / "a.safetensors", adapter.tensors, adapter_metadata(adapter));
  Adapter again = read_adapter(folder / "a.safetensors");
  EXPECT_EQ(again.rank, 4);
  EXPECT_EQ(again.alpha, 8);
  EXPECT_EQ(again.layer, 2);
  EXPECT_EQ(again.targets, adapter.targets);
  for (std::size_t i = 0; i < adapter.tensors.size(); ++i) {
    EXPECT_EQ(again.tensors[i].first, adapter.tensors[i].first);
    EXPECT_TRUE(same(again.tensors[i].second, adapter.tensors[i].second));
  }
}

// Trained on Meta's rows: B of q must move with W's rows, A and all of v stay.
TEST(Adapter, BringsMetasRowsIntoOrder) {
  TemporaryFolder folder;
  Adapter adapter = read_adapter(fixture("peft"));
  at::Tensor b = adapter.tensors[1].second;  // q's B [16, 4], heads of 4
  at::Tensor meta_b = b.view({4, 2, 2, 4}).transpose(1, 2).reshape({16, 4}).contiguous();
  ASSERT_FALSE(at::equal(meta_b, b));
  NamedTensors tensors = adapter.tensors;
  tensors[1].second = meta_b;
  write_safetensors(folder / "a", tensors,
                    {{"luvit.adapter", R"({"rank":4,"alpha":8,"layer":2,"qk_layout":"interleaved"})"}});
  Adapter moved = read_adapter(folder / "a", 2, /*head_dim=*/4);
  for (std::size_t i = 0; i < tensors.size(); ++i)
    EXPECT_TRUE(same(moved.tensors[i].second, adapter.tensors[i].second));
  EXPECT_TRUE(contains(data_error([&] { read_adapter(folder / "a"); }), "size of a head is not known"));

  NamedTensors named;
  for (std::size_t i = 0; i < 4; ++i)
    named.emplace_back(std::string("llama.base_model.model.layers.0.attention.") + (i < 2 ? "wq" : "wv") + ".lora_" +
                           "AB"[i % 2] + ".default.weight",
                       tensors[i].second);
  fs::create_directory(folder / "meta");
  write_safetensors(folder / "meta/adapter_model.safetensors", named, {});
  write_bytes(folder / "meta/adapter_config.json", R"({"peft_type":"LORA","r":4,"lora_alpha":8,"use_rslora":true})");
  Adapter from_names = read_adapter(folder / "meta", -1, 4);
  EXPECT_EQ(from_names.alpha, 16);  // 8/√4 = 16/4
  for (std::size_t i = 0; i < 4; ++i) EXPECT_TRUE(same(from_names.tensors[i].second, adapter.tensors[i].second));
}

struct WithFusion : Module {
  explicit WithFusion(const FusionOptions& options) : fusion(8, options) { add("fusion", fusion); }
  LlamaFusion fusion;
};

TEST(Adapter, IsLoadedWhereItFits) {
  FusionOptions options;
  options.lora.weights = fixture("peft").string();
  settle_fusion_options(options, describe_block(fixture("llama/single"), -1), {"model.fusion.lora.targets"}, "llama");
  Adapter adapter = read_adapter(fixture("peft"));
  EXPECT_EQ(options.lora.rank, 4);
  EXPECT_EQ(options.lora.alpha, 8);
  WithFusion model(options);
  load_adapter(model, options, fixture("peft"));
  EXPECT_TRUE(same(model.fusion.block.self_attn.v_proj.lora_B, adapter.tensors[3].second));

  options.lora.rank = 8;
  options.lora.targets = {"q", "k"};
  std::string message = data_error([&] { load_adapter(model, options, fixture("peft")); });
  EXPECT_TRUE(contains(message, "model.fusion.lora.rank is 8, but 4 in")) << message;
  EXPECT_TRUE(contains(message, "model.fusion.lora.targets is q k, but q v in")) << message;
}

TEST(Adapter, RefusesWhatIsNotPlainLora) {
  TemporaryFolder folder;
  auto attempt = [&](const std::string& config) {
    write_bytes(folder / "adapter_config.json", config);
    return data_error([&] { read_adapter(folder.path()); });
  };
  fs::copy(fixture("peft/adapter_model.safetensors"), folder / "adapter_model.safetensors");
  EXPECT_TRUE(contains(attempt(R"({"r":4,"use_dora":true})"), "use_dora"));
  EXPECT_TRUE(contains(attempt(R"({"r":4,"peft_type":"IA3"})"), "IA3"));
  EXPECT_TRUE(contains(attempt(R"({"r":4,"rank_pattern":{"q_proj":2}})"), "rank_pattern"));
  EXPECT_TRUE(contains(attempt(R"({"r":8})"), "rank 8"));
}

}  // namespace
}  // namespace luvit
