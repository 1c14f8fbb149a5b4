// The frozen block against transformers' decoder layers (rotation off, no mask), LoRA against peft's.
#include "luvit/models/llama_block.h"
#include "model_fixture.h"

namespace luvit {
namespace {

using LlamaParity = BothTypes;
INSTANTIATE_TEST_SUITE_P(Types, LlamaParity, testing::Values(at::kDouble, at::kFloat), type_name);

FusionOptions options() {
  FusionOptions result;
  result.dim = 24;
  result.heads = 4;
  result.kv_heads = 2;
  result.hidden = 32;
  result.norm_eps = 1e-2;
  result.lora.rank = 0;
  return result;
}

FusionOptions with_lora(std::vector<std::string> targets) {
  FusionOptions result = options();
  result.lora.rank = 3;
  result.lora.alpha = 7;
  result.lora.targets = std::move(targets);
  return result;
}

void expect_parity(const ModelFixture& fixture, const FusionOptions& block_options) {
  LlamaBlock block(block_options);
  fixture.fill(block);
  const at::Tensor x = fixture.input("in.x");
  const at::Tensor y = block(x);
  (y * fixture["in.cotangent"]).sum().backward();
  fixture.expect_equal("out.y", y);
  fixture.expect_equal("grad.in.x", x.grad());
  fixture.expect_gradients(block);
  fixture.expect_unlike_mistakes(y);
}

double distance_with(const ModelFixture& fixture, const FusionOptions& block_options) {
  LlamaBlock block(block_options);
  fixture.fill(block);
  return ModelFixture::distance(block(fixture["in.x"]), fixture["out.y"]);
}

TEST_P(LlamaParity, GroupedQueries) {
  expect_parity(ModelFixture("llama", GetParam()), options());
}

TEST_P(LlamaParity, Qwen2Biases) {
  FusionOptions qwen = options();
  qwen.qkv_bias = true;
  expect_parity(ModelFixture("qwen2", GetParam()), qwen);
}

TEST_P(LlamaParity, Qwen3HeadNormsAndWidth) {
  FusionOptions qwen = options();
  qwen.qk_norm = true;
  qwen.head_dim = 8;
  expect_parity(ModelFixture("qwen3", GetParam()), qwen);
}

TEST_P(LlamaParity, LoraOnQueriesAndValues) {
  expect_parity(ModelFixture("lora_qv", GetParam()), with_lora({"q", "v"}));
}

TEST_P(LlamaParity, LoraOnAllProjections) {
  expect_parity(ModelFixture("lora_all", GetParam()), with_lora({"q", "k", "v", "o", "gate", "up", "down"}));
}

TEST_P(LlamaParity, WrongEpsIsSeen) {
  const ModelFixture fixture("llama", GetParam());
  FusionOptions wrong = options();
  wrong.norm_eps = 1e-3;
  EXPECT_GT(distance_with(fixture, wrong), 100 * fixture.tolerance());
}

TEST_P(LlamaParity, WrongAlphaIsSeen) {
  const ModelFixture fixture("lora_qv", GetParam());
  FusionOptions wrong = with_lora({"q", "v"});
  wrong.lora.alpha = 3;
  EXPECT_GT(distance_with(fixture, wrong), 100 * fixture.tolerance());
}

}  // namespace
}  // namespace luvit
