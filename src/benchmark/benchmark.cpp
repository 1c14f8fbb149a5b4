#include "luvit/benchmark/benchmark.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <chrono>
#include <iostream>
#include <thread>

#include "luvit/core/error.h"
#include "luvit/core/machine.h"
#include "luvit/models/costs.h"
#include "luvit/models/precision.h"
#include "workload.h"

namespace luvit {
namespace {

double flops_per_image(const BenchOptions& options) {
  if (options.workload == Workload::eval) return classifier_forward_flops(options.model, options.batch);
  if (options.task == BenchTask::finetune) return classifier_step_flops(options.model, options.batch);
  return pretraining_step_flops(options.model, options.masking, options.batch);
}

double seconds_of(const std::function<void()>& run, at::Device device) {
  const auto start = std::chrono::steady_clock::now();
  run();
  synchronize(device);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

// A whole round is one timing; the parts are timed in rounds of their own, as waiting between them costs a GPU time.
void time_rounds(TimedWork& work, const BenchOptions& options, at::Device device, BenchResult& result) {
  const std::vector<TimedWork::Part> parts = work.parts();
  const auto whole_round = [&] {
    for (const auto& part : parts) part.run();
  };
  for (std::int64_t i = 0; i < options.warmup; ++i) whole_round();
  synchronize(device);
  for (std::int64_t i = 0; i < options.repeats; ++i) result.seconds.push_back(seconds_of(whole_round, device));
  if (!options.parts) return;
  std::vector<std::vector<double>> times(parts.size());
  for (std::int64_t i = 0; i < options.repeats; ++i)
    for (std::size_t j = 0; j < parts.size(); ++j) times[j].push_back(seconds_of(parts[j].run, device));
  for (std::size_t j = 0; j < parts.size(); ++j) result.parts.emplace_back(parts[j].name, median(times[j]));
}

// What is timed on; the loader's work is the host's.
std::string device_name(const BenchOptions& options) {
  if (options.device == "cpu" || options.workload == Workload::loader) return "cpu";
  if (at::hasCUDA()) return "cuda";
  if (options.device == "cuda") throw UsageError("device cuda: there is no CUDA device here", "use --device cpu");
  return "cpu";
}

}  // namespace

BenchResult run_benchmark(const BenchOptions& options) {
  const at::Device device = device_name(options) == "cuda" ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU);
  const auto cores = static_cast<std::int64_t>(std::thread::hardware_concurrency());
  at::set_num_threads(static_cast<int>(options.threads > 0 ? options.threads : std::max<std::int64_t>(1, cores)));
  BenchResult result;
  result.threads = at::get_num_threads();
  result.flops_per_image = flops_per_image(options);
  {
    const auto work =
        options.workload == Workload::eval ? make_evaluation(options, device) : make_training_step(options, device);
    time_rounds(*work, options, device, result);
    result.peak_memory_bytes = peak_memory_bytes();
  }
  result.matmul_speed = matmul_speed(device, compute_type(options.precision));
  return result;
}

int bench_program(int argc, char** argv, const BenchLibraries& libraries) {
  std::optional<BenchOptions> options = parse_bench_options(argc, argv, libraries);
  if (!options) return 0;
  options->device = device_name(*options);
  BenchResult result;
  if (options->workload == Workload::loader) {
    result = libraries.time_loader(*options);
    result.peak_memory_bytes = peak_memory_bytes();
  } else {
    result = run_benchmark(*options);
  }
  options->json ? print_json(std::cout, *options, result) : print_text(std::cout, *options, result);
  return 0;
}

}  // namespace luvit
