#include "luvit/benchmark/benchmark.h"
#include "luvit/core/error.h"

#ifndef LUVIT_CORE_ONLY
#include "luvit/data/loader_speed.h"
#include "luvit/train/pretrain_config.h"
#endif

namespace {

#ifdef LUVIT_CORE_ONLY
luvit::BenchLibraries libraries() {
  return {};
}
#else
void take_config(luvit::BenchOptions& options, luvit::PretrainConfig& config, const std::string& path,
                 const std::vector<std::string>& overrides) {
  luvit::Schema schema;
  declare(schema, config);
  luvit::settle_with_weights(config, read_pretrain_config(schema, config, path, overrides));
  options.model = config.model;
  options.masking = config.mae;
  options.optim = config.optim;
  options.precision = config.train.precision;
  options.threads = options.workload == luvit::Workload::loader ? config.data.workers : config.train.threads;
  using luvit::DeviceChoice;
  const DeviceChoice device = config.train.device;
  options.device = device == DeviceChoice::cpu ? "cpu" : device == DeviceChoice::cuda ? "cuda" : "auto";
}

luvit::BenchResult time_loader(const luvit::BenchOptions& options, const luvit::PretrainConfig& config) {
  luvit::LoaderSpeedOptions loading;
  loading.sources = {options.data};
  loading.batch = options.batch;
  loading.workers = options.threads;
  loading.image_size = options.model.image_size;
  loading.patches = options.model.patches();
  loading.warmup = options.warmup;
  loading.repeats = options.repeats;
  loading.crop = config.augment;
  loading.data = config.data;
  const luvit::LoaderSpeed speed = measure_loader(loading);
  luvit::BenchResult result;
  result.threads = speed.workers;
  const double batches = static_cast<double>(speed.images) / static_cast<double>(options.batch);
  for (const double seconds : speed.seconds) result.seconds.push_back(seconds / batches);
  return result;
}

luvit::BenchLibraries libraries() {
  // Without --config the loader takes the paper's crops and ImageNet's mean: the defaults.
  const auto config = std::make_shared<luvit::PretrainConfig>();
  luvit::BenchLibraries all;
  all.read_config = [config](luvit::BenchOptions& options, const std::string& path,
                             const std::vector<std::string>& overrides) {
    take_config(options, *config, path, overrides);
  };
  all.time_loader = [config](const luvit::BenchOptions& options) { return time_loader(options, *config); };
  return all;
}
#endif

int body(int argc, char** argv) {
  return luvit::bench_program(argc, argv, libraries());
}

}  // namespace

int main(int argc, char** argv) {
  return luvit::run_main("luvit_bench", body, argc, argv);
}
