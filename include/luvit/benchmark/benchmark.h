#pragma once
#include <ostream>
#include <utility>

#include "luvit/benchmark/options.h"

namespace luvit {

struct BenchResult {
  std::vector<double> seconds;                        // of each repeat
  std::vector<std::pair<std::string, double>> parts;  // median seconds of forward, backward, …, in order
  double flops_per_image = 0;
  double matmul_speed = 0;  // FLOP/s, measured beside; 0: none
  std::int64_t threads = 0, peak_memory_bytes = 0;
};

// Times a training step or an evaluation pass of a synthetic batch.
BenchResult run_benchmark(const BenchOptions& options);

// One JSON object (CONTRACTS, "luvit_bench"), or the same for people.
void print_json(std::ostream& out, const BenchOptions& options, const BenchResult& result);
void print_text(std::ostream& out, const BenchOptions& options, const BenchResult& result);

// luvit_bench's main.
int bench_program(int argc, char** argv, const BenchLibraries& libraries);

}  // namespace luvit
