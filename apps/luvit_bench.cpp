#include "luvit/benchmark/benchmark.h"
#include "luvit/core/error.h"

#ifndef LUVIT_CORE_ONLY
#include "luvit/data/loader_speed.h"
#include "luvit/train/finetune_program.h"
#include "luvit/train/pretrain_program.h"
#include "luvit/train/training_program.h"
#endif

namespace {

#ifdef LUVIT_CORE_ONLY
luvit::BenchLibraries libraries() {
  return {};
}
#else
// Of both programs; without --config, the paper's recipes.
struct Recipes {
  luvit::PretrainConfig pretrain;
  luvit::FinetuneConfig finetune;
};

// The config of the task's own program.
void take_config(luvit::BenchOptions& options, Recipes& recipes, const std::string& path,
                 const std::vector<std::string>& overrides) {
  const bool finetunes = options.task == luvit::BenchTask::finetune;
  const auto driver = finetunes ? luvit::finetune_driver(recipes.finetune) : luvit::pretrain_driver(recipes.pretrain);
  luvit::Schema schema;
  driver->declare(schema);
  driver->settle_with_weights(read_run_config(schema, *driver, path, overrides), /*only_what_exists=*/false);
  const luvit::RunConfig& config = driver->config();
  if (finetunes) {
    recipes.finetune = static_cast<const luvit::FinetuneConfig&>(config);
  } else {
    recipes.pretrain = static_cast<const luvit::PretrainConfig&>(config);
    options.masking = recipes.pretrain.mae;
  }
  options.model = config.model;
  options.optim = config.optim;
  options.precision = config.train.precision;
  options.threads = options.workload == luvit::Workload::loader ? config.data.workers : config.train.threads;
  using luvit::DeviceChoice;
  const DeviceChoice device = config.train.device;
  options.device = device == DeviceChoice::cpu ? "cpu" : device == DeviceChoice::cuda ? "cuda" : "auto";
}

luvit::BenchResult time_loader(const luvit::BenchOptions& options, const Recipes& recipes) {
  const bool finetunes = options.task == luvit::BenchTask::finetune;
  luvit::LoaderSpeedOptions loading;
  loading.sources = {options.data};
  loading.batch = options.batch;
  loading.workers = options.threads;
  loading.image_size = options.model.image_size;
  loading.patches = finetunes ? 0 : options.model.patches();
  loading.classes = finetunes ? options.model.classes : 0;
  loading.warmup = options.warmup;
  loading.repeats = options.repeats;
  loading.augment = finetunes ? recipes.finetune.augment : luvit::only_crop(recipes.pretrain.augment);
  loading.data = finetunes ? recipes.finetune.data : recipes.pretrain.data;
  const luvit::LoaderSpeed speed = measure_loader(loading);
  luvit::BenchResult result;
  result.threads = speed.workers;
  const double batches = static_cast<double>(speed.images) / static_cast<double>(options.batch);
  for (const double seconds : speed.seconds) result.seconds.push_back(seconds / batches);
  return result;
}

luvit::BenchLibraries libraries() {
  const auto recipes = std::make_shared<Recipes>();
  luvit::BenchLibraries all;
  all.read_config = [recipes](luvit::BenchOptions& options, const std::string& path,
                              const std::vector<std::string>& overrides) {
    take_config(options, *recipes, path, overrides);
  };
  all.time_loader = [recipes](const luvit::BenchOptions& options) { return time_loader(options, *recipes); };
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
