#include "luvit/train/plan.h"

#include <ATen/ATen.h>
#include <c10/core/CPUAllocator.h>
#include <gtest/gtest.h>

#include <atomic>
#include <numeric>

#include "../../src/train/meta_memory.h"
#include "luvit/core/error.h"
#include "luvit/models/initial_values.h"
#include "luvit/models/mae.h"
#include "luvit/train/pretrain_program.h"
#include "luvit/train/pretraining.h"
#include "luvit/train/shared_optimizer.h"
#include "luvit/train/step.h"

namespace luvit {
namespace {

struct NamesOnly : Dataset {
  std::int64_t size() const override { return 1281167; }
  void read(std::int64_t, std::vector<std::uint8_t>&) const override { FAIL() << "a plan reads no images"; }
  std::int64_t label(std::int64_t) const override { return -1; }
  std::string name(std::int64_t index) const override { return std::to_string(index); }
  const std::vector<std::string>& classes() const override { return none; }
  std::vector<std::string> none;
};

PretrainConfig small_config() {
  PretrainConfig config;
  config.model.image_size = 32;
  config.model.patch_size = 8;
  config.model.dim = 64;
  config.model.depth = 2;
  config.model.heads = 2;
  config.model.fusion.dim = 96;
  config.model.fusion.heads = 4;
  config.model.fusion.kv_heads = 2;
  config.model.fusion.hidden = 160;
  config.model.decoder = {.dim = 48, .depth = 2, .heads = 2};
  config.train.batch_size = 96;
  config.train.epochs = 1;
  config.train.precision = Precision::float32;
  return config;
}

Plan plan_of(const PretrainConfig& config, std::int64_t ranks) {
  return make_plan(*pretrain_driver(config), std::make_shared<NamesOnly>(), ranks);
}

std::int64_t sum(const std::vector<std::int64_t>& values) {
  return std::accumulate(values.begin(), values.end(), std::int64_t{0});
}

// The paper's recipe on its 32 GPUs, against its own counts: 118,209,280 trained values (docs of the config), fixed
// positions of 197 tokens, 202,383,360 frozen values in bfloat16.
TEST(Plan, OfThePapersRecipeAgreesWithSumsByHand) {
  const PretrainConfig config;
  const Plan plan = plan_of(config, 32);
  EXPECT_EQ(plan.rows, 128);
  EXPECT_EQ(plan.micro_batches, 1);
  const std::int64_t trained = 118209280, positions = 197 * (768 + 512);
  EXPECT_EQ(plan.weights, 4 * (trained + positions) + 2 * std::int64_t{202383360});
  EXPECT_EQ(plan.gradients, 4 * trained);
  EXPECT_EQ(sum(plan.bucket_bytes), plan.gradients);
  EXPECT_NEAR(plan.whole_state, 8 * trained, 4096) << "two moments, and a count of steps for each tensor";
  EXPECT_NEAR(plan.shared_state, plan.whole_state / 32, 4096);
  EXPECT_EQ(plan.state, plan.whole_state);
  // A first small bucket of 1 MiB, the others of 25 MiB: a tensor that does not fit closes one.
  EXPECT_LE(plan.bucket_bytes.front(), 4 << 20);
  EXPECT_GE(plan.bucket_bytes.size(), static_cast<std::size_t>(plan.gradients / (64 << 20)));
  // Kept for the backward pass, for a token: in a ViT block 8 bytes of norms' inputs and 14 values (of the linear
  // layers' inputs, the heads, GELU's sides) times the width; in LLaMA's both norms' inputs, LoRA's, the heads,
  // SwiGLU's sides.
  const double encoder = 50 * 12 * 768 * (8 + 2 * 14.0), decoder = 197 * 8 * 512 * (8 + 2 * 14.0);
  const double llama = 50 * 2 * (3 * 4096 + 4 * 4096 + 3 * 11008 + 768 + 4096.0);
  const double by_hand = 128 * (encoder + decoder + llama);
  EXPECT_NEAR(static_cast<double>(plan.activations), by_hand, 0.15 * by_hand);
}

TEST(Plan, AccumulationTakesTheMicroBatchsMemory) {
  PretrainConfig config = small_config();
  const Plan whole = plan_of(config, 4);
  config.train.micro_batch = 8;
  const Plan parts = plan_of(config, 4);
  EXPECT_EQ(parts.rows, 24);
  EXPECT_EQ(parts.micro_batches, 3);
  // The passes add up in the buckets: no second copy of the gradients.
  EXPECT_NEAR(static_cast<double>(parts.activations), static_cast<double>(whole.activations) / 3,
              0.05 * static_cast<double>(whole.activations));
  config.train.micro_batch = 10;
  EXPECT_EQ(plan_of(config, 4).micro_batches, 3) << "10, 10 and the rest";
}

TEST(Plan, RanksShareTheBatchAndTheOptimizersState) {
  PretrainConfig config = small_config();
  config.distributed.shard_optimizer = true;
  const Plan one = plan_of(config, 1);
  EXPECT_TRUE(one.bucket_bytes.empty()) << "there is nobody to reduce with";
  for (const std::int64_t ranks : {2, 3, 8}) {
    const Plan plan = plan_of(config, ranks);
    EXPECT_EQ(plan.rows * ranks, config.train.batch_size);
    EXPECT_EQ(plan.weights, one.weights);
    EXPECT_EQ(plan.whole_state, one.state);
    EXPECT_EQ(plan.state, plan.shared_state);
    EXPECT_GE(plan.state * ranks, one.state) << "the shares are the whole";
    EXPECT_LT(plan.state * ranks, one.state + ranks * 2048);
  }
}

TEST(Plan, CompressedGradientsTravelAtHalfTheSize) {
  PretrainConfig config = small_config();
  const Plan plain = plan_of(config, 2);
  config.distributed.compress = Compress::bfloat16;
  const Plan halves = plan_of(config, 2);
  EXPECT_EQ(2 * sum(halves.bucket_bytes), sum(plain.bucket_bytes));
}

TEST(Plan, HoursFollowFromOperationsAndPeak) {
  RunSummary run{.step_flops = 100e9};
  run.length.steps = 1000;
  const Plan plan{.ranks = 32, .rows = 128, .micro_batch = 128, .micro_batches = 1};
  const std::string text = plan_text(run, plan, find_gpu("A100"), Precision::bfloat16);
  // 1000 steps × 128 images × 100 GFLOP at 0.4 × 312 TFLOP/s: 102.6 s, 0.0285 hours, 1248 images a second.
  EXPECT_NE(text.find("0.0285 hours, 1248 images/s a rank"), std::string::npos) << text;
  EXPECT_NE(plan_text(run, plan, find_gpu("a100"), Precision::float32).find("78 images/s a rank"), std::string::npos);
  EXPECT_EQ(plan_text(run, plan, std::nullopt, Precision::bfloat16).find("images/s"), std::string::npos);
}

TEST(Plan, AnUnknownGpuIsToldTheKnownOnes) {
  try {
    find_gpu("a101");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("h100"), std::string::npos);
  }
}

// Bytes of tensors alive on the CPU. Each block has its size before it.
class CpuMemory : public c10::Allocator {
 public:
  CpuMemory() : usual_(c10::GetCPUAllocator()) {
    live = 0;
    peak = 0;
    c10::SetCPUAllocator(this);
  }
  ~CpuMemory() override { c10::SetCPUAllocator(usual_); }

  c10::DataPtr allocate(std::size_t size) override {
    auto* block = static_cast<char*>(std::aligned_alloc(head, (head + size + head - 1) / head * head));
    *reinterpret_cast<std::int64_t*>(block) = static_cast<std::int64_t>(size);
    const std::int64_t now = live += static_cast<std::int64_t>(size);
    peak = std::max(peak.load(), now);
    return {block + head, block + head, &release, c10::Device(c10::kCPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void* to, const void* from, std::size_t count) const override { default_copy_data(to, from, count); }

  static inline std::atomic<std::int64_t> live, peak;

 private:
  static constexpr std::size_t head = 64;
  static void release(void* data) {
    char* block = static_cast<char*>(data) - head;
    live -= *reinterpret_cast<std::int64_t*>(block);
    std::free(block);
  }
  c10::Allocator* usual_;
};

PretrainConfig config_with_large_activations() {
  PretrainConfig config = small_config();
  config.train.batch_size = 64;
  return config;
}

// Two passes of the model alone; the most that the second took over what stood before it. In float64 a CPU runs the
// operators that a GPU runs.
template <typename Memory, typename Peak>
std::int64_t growth_in_float64(at::Device device, const Memory& live, const Peak& restart, const Memory& peak) {
  const PretrainConfig config = config_with_large_activations();
  MaskedAutoencoder model(config.model, config.mae);
  if (device.is_meta())
    to_meta(model);
  else
    initialise(model, config.model, {});
  for (const NamedTensor& named : model.named_tensors()) *named.tensor = named.tensor->detach().to(at::kDouble);
  require_gradients(model);
  const auto options = at::TensorOptions(at::kDouble).device(device);
  const at::Tensor images = at::zeros({64, 3, 32, 32}, options), noise = at::zeros({64, 16}, options);
  model.loss(images, noise).backward();
  const std::int64_t before = live();
  restart();
  model.loss(images, noise).backward();
  return peak() - before;
}

TEST(PlanMemory, OfTheModelIsWhatTheSameOperatorsTakeOnACpu) {
  using Read = std::function<std::int64_t()>;
  std::int64_t real = 0, planned = 0;
  {
    const CpuMemory memory;
    real = growth_in_float64(
        at::kCPU, Read([] { return CpuMemory::live.load(); }), [] { CpuMemory::peak = CpuMemory::live.load(); },
        Read([] { return CpuMemory::peak.load(); }));
  }
  {
    const MetaMemory memory;
    planned = growth_in_float64(
        at::kMeta, Read([&] { return memory.live(); }), [&] { memory.restart_peak(); },
        Read([&] { return memory.peak(); }));
  }
  EXPECT_GT(real, 1 << 20);
  EXPECT_NEAR(static_cast<double>(planned), static_cast<double>(real), 0.01 * static_cast<double>(real));
}

// The same config's real step on this machine, whose CPU kernels are others than a GPU's: where there are vector
// instructions for them, they compute some activations again rather than keep them.
TEST(PlanMemory, OfAStepIsNotFarFromARealOneOnACpu) {
  PretrainConfig config = config_with_large_activations();
  config.model.fusion.weights = "random";
  const Plan plan = plan_of(config, 1);
  const CpuMemory memory;
  Team team;
  Pretraining task(config, {.team = team, .train = std::make_shared<NamesOnly>(), .rows = config.train.batch_size});
  Module& model = task.model();
  initialise(model, config.model, {});
  require_gradients(model);
  const auto alone = one_rank();
  SharedOptimizer optimizer(*alone, parameter_groups(model, config.optim, Stage::pretraining, config.model.depth),
                            config.optim, false);
  LossScale scale(false);
  TrainingStep step(task, optimizer, scale, *alone, {.micro_batch = config.train.batch_size});
  const StepBatch batch{
      {{"images", at::zeros({64, 3, 32, 32})}, {"noise", at::zeros({64, 16})}, {"index", at::zeros({64}, at::kLong)}},
      64,
      1};
  model.train(true);
  step(batch, 0, {}, [] {});
  step(batch, 0, {}, [] {});
  const auto real = static_cast<double>(CpuMemory::peak.load());
  EXPECT_NEAR(static_cast<double>(plan.total()), real, 0.3 * real);
}

}  // namespace
}  // namespace luvit
