#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "luvit/models/options.h"
#include "luvit/optim/options.h"

namespace luvit {

enum class Workload { step, eval, loader };
enum class BenchTask { pretrain, finetune };

// What luvit_bench was asked to time.
struct BenchOptions {
  Workload workload = Workload::step;
  BenchTask task = BenchTask::pretrain;
  ModelOptions model;
  MaskingOptions masking;
  OptimOptions optim;
  Precision precision = Precision::bfloat16;
  std::int64_t batch = 16, warmup = 1, repeats = 5;
  std::int64_t threads = 0;     // 0: all cores (loader: one less)
  std::string device = "auto";  // auto, cpu or cuda
  std::string data;             // loader: a folder or shards
  bool parts = false, json = false;
};

struct BenchResult;

// What the core-only build does without: reading a config file, and the data loader. Empty there.
struct BenchLibraries {
  std::function<void(BenchOptions& options, const std::string& path, const std::vector<std::string>& overrides)>
      read_config;
  std::function<BenchResult(const BenchOptions& options)> time_loader;  // seconds a batch, each repeat
};

// "luvit_b" (the paper's model, a random block), "vit_b" (without fusion), "demo" (32² images, a small ViT with a
// block of SmolLM2-135M's size); UsageError for another name.
ModelOptions preset(const std::string& name);

// Reads luvit_bench's command line by core alone; UsageError. nullopt after --help or --version, which it prints.
std::optional<BenchOptions> parse_bench_options(int argc, char** argv, const BenchLibraries& libraries);

}  // namespace luvit
