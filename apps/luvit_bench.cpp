#include "luvit/benchmark/benchmark.h"
#include "luvit/core/error.h"

#ifndef LUVIT_CORE_ONLY
#include "luvit/data/loader_speed.h"
#include "luvit/train/pretrain_config.h"
#endif

namespace {

luvit::BenchLibraries libraries() {
#ifdef LUVIT_CORE_ONLY
  return {};
#else
  luvit::BenchLibraries all;
  all.read_config = [](luvit::BenchOptions& options, const std::string& path,
                       const std::vector<std::string>& overrides) {
    luvit::Schema schema;
    luvit::PretrainConfig config;
    declare(schema, config);
    luvit::settle_with_weights(config, read_pretrain_config(schema, config, path, overrides));
    options.model = config.model;
    options.masking = config.mae;
    options.optim = config.optim;
    options.precision = config.train.precision;
    options.threads = config.train.threads;
  };
  all.time_loader = [](const luvit::BenchOptions& options) {
    luvit::LoaderSpeedOptions loading;
    loading.sources = {options.data};
    loading.batch = options.batch;
    loading.workers = options.threads;
    loading.image_size = options.model.image_size;
    loading.warmup = options.warmup;
    loading.repeats = options.repeats;
    luvit::LoaderSpeed speed = measure_loader(loading);
    const double batches = static_cast<double>(speed.images) / static_cast<double>(options.batch);
    for (double& seconds : speed.seconds) seconds /= batches;
    return speed.seconds;
  };
  return all;
#endif
}

int body(int argc, char** argv) {
  return luvit::bench_program(argc, argv, libraries());
}

}  // namespace

int main(int argc, char** argv) {
  return luvit::run_main("luvit_bench", body, argc, argv);
}
