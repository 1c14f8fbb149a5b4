#include "luvit/weights/block_source.h"

#include <cstring>

#include "io/files_for_test.h"
#include "luvit/io/pickle.h"
#include "luvit/models/fusion.h"

namespace luvit {
namespace {

std::map<std::string, at::Tensor> by_name(const BlockSource& block) {
  return {block.tensors.begin(), block.tensors.end()};
}

// The model of scripts/fixtures/io.py in one file: what every other layout must give.
std::map<std::string, at::Tensor> expected_layer(const std::string& folder, std::int64_t layer) {
  SafetensorsFile file(fixture(folder + "/model.safetensors"));
  std::string prefix = "model.layers." + std::to_string(layer) + ".";
  std::map<std::string, at::Tensor> out;
  for (const TensorInfo& info : file.tensors())
    if (info.name.starts_with(prefix)) out[info.name.substr(prefix.size())] = file.read(info.name);
  return out;
}

void expect_equal(const std::map<std::string, at::Tensor>& a, const std::map<std::string, at::Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, tensor] : a) {
    ASSERT_TRUE(b.count(name)) << name;
    EXPECT_TRUE(same(tensor, b.at(name))) << name;
  }
}

class Layout : public testing::TestWithParam<const char*> {};

TEST_P(Layout, GivesTheSameBlock) {
  for (std::int64_t layer : {0, 1, -1}) {
    std::int64_t number = layer < 0 ? 2 : layer;
    BlockSource block = read_block(fixture(GetParam()), layer, /*with_final_norm=*/true);
    expect_equal(by_name(block), expected_layer("llama/single", number));
    EXPECT_EQ(block.sha256, read_block(fixture("llama/single"), layer, /*with_final_norm=*/true).sha256);
    EXPECT_TRUE(
        same(block.final_norm, SafetensorsFile(fixture("llama/single/model.safetensors")).read("model.norm.weight")));
    EXPECT_NE(block.sha256, read_block(fixture(GetParam()), layer).sha256);  // the norm counts where it is asked for
    EXPECT_EQ(block.info.layer, number);
    EXPECT_EQ(block.info.dim, 16);
    EXPECT_EQ(block.info.heads, 4);
    EXPECT_EQ(block.info.kv_heads, 2);
    EXPECT_EQ(block.info.head_dim, 4);
    EXPECT_EQ(block.info.hidden, 24);
    EXPECT_EQ(block.info.norm_eps, 1e-5);
    EXPECT_FALSE(block.info.qkv_bias || block.info.o_bias || block.info.qk_norm);
  }
}

TEST_P(Layout, NamesTheLayersThereAre) {
  for (std::int64_t layer : {3, -2})
    EXPECT_TRUE(contains(data_error([&] { describe_block(fixture(GetParam()), layer); }), "it has 3 layers, 0 to 2"));
}

TEST_P(Layout, SurvivesOurOwnFile) {
  TemporaryFolder folder;
  BlockSource block = read_block(fixture(GetParam()), -1);
  fs::path path = folder / "block.safetensors";
  write_safetensors(path, block.tensors, block_metadata(block.info));
  BlockSource again = read_block(path, -1);
  expect_equal(by_name(again), by_name(block));
  EXPECT_EQ(again.sha256, block.sha256);
  EXPECT_EQ(again.info.layer, 2);
  EXPECT_EQ(again.info.source, fixture(GetParam()).string());
  EXPECT_EQ(again.info.norm_eps, 1e-5);
  EXPECT_EQ(read_block(path, 2).sha256, block.sha256);
  EXPECT_TRUE(contains(data_error([&] { read_block(path, 1); }), "holds layer 2 only, but layer 1"));
  EXPECT_TRUE(contains(data_error([&] { read_block(path, -1, true); }), "final norm"));
}

INSTANTIATE_TEST_SUITE_P(Folders, Layout,
                         testing::Values("llama/single", "llama/sharded", "llama/bin", "llama/bin_sharded",
                                         "llama/meta1", "llama/meta2"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace(name.begin(), name.end(), '/', '_');
                           return name;
                         });

// The control of the test above: Meta's file has q's rows in another order, so the reader must have moved them.
TEST(Block, MetasRowsAreInAnotherOrder) {
  at::Tensor raw = PickleFile(fixture("llama/meta1/consolidated.00.pth")).read("layers.2.attention.wq.weight");
  EXPECT_FALSE(at::equal(raw, expected_layer("llama/single", 2).at("self_attn.q_proj.weight")));
}

TEST(Block, Qwen2HasBiases) {
  BlockSource block = read_block(fixture("qwen2"), 1);
  expect_equal(by_name(block), expected_layer("qwen2", 1));
  EXPECT_TRUE(block.info.qkv_bias && !block.info.o_bias && !block.info.qk_norm);
}

TEST(Block, Qwen3HasNormsAndItsOwnHeadSize) {
  BlockSource block = read_block(fixture("qwen3"), 1);
  expect_equal(by_name(block), expected_layer("qwen3", 1));
  EXPECT_TRUE(block.info.qk_norm && !block.info.qkv_bias);
  EXPECT_EQ(block.info.head_dim, 6);
  EXPECT_EQ(block.info.dim, 16);
}

TEST(Block, Phi3IsTakenApart) {
  BlockSource block = read_block(fixture("phi3"), 0);
  auto whole = expected_layer("phi3", 0);
  auto parts = by_name(block);
  auto rows = [&](const char* name) { return parts.at(name); };
  EXPECT_TRUE(at::equal(
      at::cat({rows("self_attn.q_proj.weight"), rows("self_attn.k_proj.weight"), rows("self_attn.v_proj.weight")}),
      whole.at("self_attn.qkv_proj.weight")));
  EXPECT_TRUE(at::equal(at::cat({rows("mlp.gate_proj.weight"), rows("mlp.up_proj.weight")}),
                        whole.at("mlp.gate_up_proj.weight")));
}

// A copy of a Hugging Face folder with something changed in config.json.
void copy_with(const fs::path& to, const std::string& from, const std::string& old_text, const std::string& new_text) {
  fs::copy(fixture(from), to, fs::copy_options::recursive);
  std::string config = read_file(to / "config.json");
  std::size_t at = config.find(old_text);
  ASSERT_NE(at, std::string::npos);
  write_bytes(to / "config.json", config.replace(at, old_text.size(), new_text));
}

TEST(Block, RefusesOtherFamiliesByName) {
  TemporaryFolder folder;
  for (std::string family : {"gemma2", "olmo2", "granite", "mixtral"}) {
    copy_with(folder / family, "llama/single", "\"model_type\": \"llama\"", "\"model_type\": \"" + family + "\"");
    EXPECT_TRUE(contains(data_error([&] { describe_block(folder / family, -1); }), "'" + family + "'"));
  }
  copy_with(folder / "gelu", "llama/single", "\"hidden_act\": \"silu\"", "\"hidden_act\": \"gelu\"");
  EXPECT_TRUE(contains(data_error([&] { describe_block(folder / "gelu", -1); }), "'gelu'"));
}

TEST(Block, HoldsTheConfigToTheTensors) {
  TemporaryFolder folder;
  copy_with(folder / "kv", "llama/single", "\"num_key_value_heads\": 2", "\"num_key_value_heads\": 4");
  EXPECT_TRUE(contains(data_error([&] { describe_block(folder / "kv", -1); }),
                       "kv_heads is said to be 4, but its tensors have 2"));
  copy_with(folder / "hidden", "llama/single", "\"intermediate_size\": 24", "\"intermediate_size\": 32");
  EXPECT_TRUE(contains(data_error([&] { describe_block(folder / "hidden", -1); }), "hidden is said to be 32"));
}

TEST(Block, ConsumesEveryTensorOfTheLayer) {
  TemporaryFolder folder;
  BlockSource block = read_block(fixture("llama/single"), 0);
  auto attempt = [&](const NamedTensors& tensors) {
    write_safetensors(folder / "b.safetensors", tensors, block_metadata(block.info));
    return data_error([&] { read_block(folder / "b.safetensors", -1); });
  };
  NamedTensors more = block.tensors;
  more.emplace_back("mlp.gate_proj.bias", at::zeros({24}));
  EXPECT_TRUE(contains(attempt(more), "'mlp.gate_proj.bias' has no place"));
  NamedTensors fewer(block.tensors.begin(), block.tensors.end() - 1);
  EXPECT_TRUE(contains(attempt(fewer), "'mlp.down_proj.weight' is missing"));
  NamedTensors whole_numbers = block.tensors;
  whole_numbers.back().second = whole_numbers.back().second.to(at::kChar);
  EXPECT_TRUE(contains(attempt(whole_numbers), "quantised"));
}

TEST(Block, NamesWhatIsMissing) {
  TemporaryFolder folder;
  EXPECT_TRUE(contains(data_error([&] { describe_block(folder / "none", -1); }), "no such file"));
  EXPECT_TRUE(contains(data_error([&] { describe_block(folder.path(), -1); }), "neither"));
  EXPECT_TRUE(contains(data_error([&] { describe_block(fixture("every_type.safetensors"), -1); }), "not a block file"));
  fs::copy(fixture("llama/meta2"), folder / "meta");
  fs::remove(folder / "meta/consolidated.00.pth");
  EXPECT_TRUE(contains(data_error([&] { describe_block(folder / "meta", -1); }), "shard 0 is missing"));
  fs::copy(fixture("llama/sharded"), folder / "sharded");
  fs::remove(folder / "sharded/model-00003-of-00004.safetensors");
  EXPECT_EQ(describe_block(folder / "sharded", 0).dim, 16);  // its files are all there
  EXPECT_TRUE(contains(data_error([&] { describe_block(folder / "sharded", 2); }), "model-00003"));
}

TEST(FusionSizes, ComeFromTheBlockUnlessWritten) {
  BlockInfo info = describe_block(fixture("qwen3"), -1);
  FusionOptions options;
  settle_fusion_options(options, info, {}, "b.safetensors");
  EXPECT_EQ(options.dim, 16);
  EXPECT_EQ(options.kv_heads, 2);
  EXPECT_EQ(options.hidden, 24);
  EXPECT_EQ(options.head_dim, 6);
  EXPECT_EQ(options.layer, 2);
  EXPECT_TRUE(options.qk_norm);
  settle_fusion_options(options, info, {"model.fusion.dim", "model.fusion.layer"}, "b.safetensors");  // they agree
  options.hidden = 48;
  options.heads = 8;
  std::string message = data_error([&] {
    settle_fusion_options(options, info, {"model.fusion.hidden", "model.fusion.heads"}, "b.safetensors");
  });
  EXPECT_TRUE(contains(message, "model.fusion.hidden is 48, but 24 in b.safetensors")) << message;
  EXPECT_TRUE(contains(message, "model.fusion.heads is 8, but 4 in b.safetensors")) << message;
}

struct WithFusion : Module {
  explicit WithFusion(const FusionOptions& options) : fusion(8, options) { add("fusion", fusion); }
  LlamaFusion fusion;
};

TEST(LoadBlock, FillsTheFrozenTensorsInTheirType) {
  BlockSource block = read_block(fixture("qwen3"), -1, true);
  FusionOptions options;
  settle_fusion_options(options, block.info, {}, block.path);
  options.final_norm = FinalNorm::pretrained;
  WithFusion model(options);
  load_block(model, block, at::kBFloat16);
  std::size_t frozen = 0;
  for (const NamedTensor& tensor : model.named_tensors()) {
    if (tensor.role != Role::frozen) continue;
    ++frozen;
    EXPECT_EQ(tensor.tensor->scalar_type(), at::kBFloat16) << tensor.name;
    EXPECT_TRUE(tensor.tensor->is_cpu());
  }
  EXPECT_EQ(frozen, block.tensors.size() + 1);
  EXPECT_TRUE(
      at::equal(model.fusion.block.mlp.up_proj.weight, by_name(block).at("mlp.up_proj.weight").to(at::kBFloat16)));

  options.hidden = 32;
  WithFusion wider(options);
  EXPECT_TRUE(contains(data_error([&] { load_block(wider, block, at::kFloat); }), "[24, 16]"));
}

}  // namespace
}  // namespace luvit
