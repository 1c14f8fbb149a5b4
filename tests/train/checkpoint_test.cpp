#include "luvit/train/checkpoint.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "luvit/core/error.h"
#include "luvit/models/initial_values.h"
#include "luvit/models/mae.h"
#include "temporary_folder.h"

namespace luvit {
namespace {

ModelOptions small_model() {
  ModelOptions options{.image_size = 16, .patch_size = 8, .dim = 16, .depth = 1, .heads = 2};
  options.fusion = {.dim = 16, .heads = 2, .kv_heads = 2, .hidden = 32, .weights = "random", .lora = {.rank = 2}};
  options.decoder = {.dim = 16, .depth = 1, .heads = 2};
  return options;
}

struct Training {
  explicit Training(std::uint64_t seed) : model(small_model(), {}), optimizer(prepare(seed), OptimOptions{}) {}
  std::vector<ParameterGroup> prepare(std::uint64_t seed) {
    initialise(model, small_model(), {.seed = seed});
    require_gradients(model);
    return parameter_groups(model, OptimOptions{}, Stage::pretraining, 1);
  }
  void save(Checkpoints& checkpoints, std::int64_t step, std::int64_t keep = 2,
            const std::vector<std::int64_t>& pinned = {}) {
    CheckpointState state{.step = step, .config = "train: {seed: 1}\n"};
    state.frozen = {.kind = FrozenReference::Kind::random, .seed = 1};
    const OpenedModel description{.kind = ModelKind::pretraining, .options = small_model()};
    checkpoints.save(state, model, description, optimizer.state(), keep, pinned);
  }
  MaskedAutoencoder model;
  AdamW optimizer;
};

class CheckpointTest : public ::testing::Test {
 protected:
  fs::path step(int number) const {
    char name[32];
    std::snprintf(name, sizeof name, "step-%08d", number);
    return folder_ / "checkpoints" / name;
  }
  TemporaryFolder temporary_;
  const fs::path& folder_ = temporary_.path();
};

TEST_F(CheckpointTest, GivesBackWeightsAndMoments) {
  Training a(1), b(2);
  Checkpoints checkpoints(folder_);
  a.save(checkpoints, 7);
  restore(step(7), b.model);
  b.optimizer.load_state(saved_optimizer(step(7)));
  const auto left = a.model.trained_tensors(), right = b.model.trained_tensors();
  for (std::size_t i = 0; i < left.size(); ++i) EXPECT_TRUE(left[i].tensor->equal(*right[i].tensor)) << left[i].name;
  EXPECT_EQ(read_checkpoint_state(step(7)).step, 7);
  EXPECT_EQ(read_checkpoint_state(step(7)).frozen.seed, 1U);
}

TEST_F(CheckpointTest, LeavesTheFrozenBlockOut) {
  Training a(1);
  Checkpoints checkpoints(folder_);
  a.save(checkpoints, 1);
  const SafetensorsFile file(step(1) / "model.safetensors");
  EXPECT_TRUE(file.has("fusion.block.self_attn.q_proj.lora_A.weight"));
  EXPECT_FALSE(file.has("fusion.block.self_attn.q_proj.weight"));
}

TEST_F(CheckpointTest, KeepsTheNewestAndThePinned) {
  Training a(1);
  Checkpoints checkpoints(folder_);
  for (int number : {0, 2, 4, 6}) a.save(checkpoints, number, /*keep=*/2, {0});
  EXPECT_TRUE(fs::exists(step(0)));
  EXPECT_FALSE(fs::exists(step(2)));
  EXPECT_TRUE(fs::exists(step(4)));
  EXPECT_TRUE(fs::exists(step(6)));
}

TEST_F(CheckpointTest, EveryKindOfDamageIsFound) {
  Training a(1);
  Checkpoints checkpoints(folder_);
  const auto damaged = [&](const std::function<void()>& damage) {
    fs::remove_all(folder_ / "checkpoints");
    a.save(checkpoints, 2);
    EXPECT_EQ(checkpoint_files_defect(step(2), FileCheck::hashes), "");
    damage();
    return checkpoint_files_defect(step(2), FileCheck::hashes);
  };
  EXPECT_NE(damaged([&] { fs::remove(step(2) / "state.json"); }), "");
  EXPECT_NE(damaged([&] { fs::remove(step(2) / "model.safetensors"); }), "");
  EXPECT_NE(damaged([&] { fs::resize_file(step(2) / "optimizer.safetensors", 10); }), "");
  EXPECT_NE(damaged([&] {
              std::fstream file(step(2) / "model.safetensors", std::ios::in | std::ios::out | std::ios::binary);
              file.seekp(-1, std::ios::end);
              file.put('x');
            }),
            "");
  EXPECT_NE(damaged([&] { std::ofstream(step(2) / "state.json") << "{"; }), "");
  EXPECT_THROW(read_checkpoint_state(step(2)), DataError);
}

// Fails the n-th operation, as a full disk or a lost power line would.
class FailingLayer : public FileLayer {
 public:
  explicit FailingLayer(int fail_at) : left_(fail_at), before_(install_file_layer(this)) {}
  ~FailingLayer() override { install_file_layer(before_); }
  bool failed() const { return left_ <= 0; }

  class FailingHandle : public Handle {
   public:
    FailingHandle(FailingLayer& layer, std::unique_ptr<Handle> real) : layer_(layer), real_(std::move(real)) {}
    void write(const void* data, std::size_t bytes) override {
      layer_.count();
      real_->write(data, bytes);
    }
    void sync() override {
      layer_.count();
      real_->sync();
    }
    void close() override { real_->close(); }

   private:
    FailingLayer& layer_;
    std::unique_ptr<Handle> real_;
  };
  std::unique_ptr<Handle> create(const fs::path& path) override {
    count();
    return std::make_unique<FailingHandle>(*this, FileLayer::create(path));
  }
  void rename(const fs::path& from, const fs::path& to) override {
    count();
    FileLayer::rename(from, to);
  }
  void sync_folder(const fs::path& folder) override {
    count();
    FileLayer::sync_folder(folder);
  }

 private:
  void count() {
    if (--left_ <= 0) throw RunError("injected: the disk is full");
  }
  int left_;
  FileLayer* before_;
};

TEST_F(CheckpointTest, AFailureAtAnyOperationLeavesAWholeCheckpoint) {
  Training a(1);
  Checkpoints checkpoints(folder_);
  a.save(checkpoints, 2);
  bool failed = true;
  int operations = 0;
  for (int fail_at = 1; failed; ++fail_at) {
    ASSERT_LT(fail_at, 10000);
    {
      FailingLayer layer(fail_at);
      try {
        a.save(checkpoints, 4);
      } catch (const RunError&) {
      }
      failed = layer.failed();
    }
    const auto newest = checkpoints.newest_whole();
    ASSERT_TRUE(newest) << "after a failure of operation " << fail_at;
    EXPECT_TRUE(*newest == step(2) || *newest == step(4));
    operations = fail_at;
  }
  EXPECT_GT(operations, 8);
}

}  // namespace
}  // namespace luvit
