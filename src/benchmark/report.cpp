#include <algorithm>
#include <iomanip>

#include "luvit/benchmark/benchmark.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

struct Summary {
  double min = 0, median = 0, max = 0, images_per_second = 0, matmul_share = 0;
};

Summary summarise(const BenchOptions& options, const BenchResult& result) {
  std::vector<double> s = result.seconds;
  std::sort(s.begin(), s.end());
  const std::size_t half = s.size() / 2;
  Summary summary{s.front(), s.size() % 2 == 1 ? s[half] : (s[half - 1] + s[half]) / 2, s.back()};
  summary.images_per_second = static_cast<double>(options.batch) / summary.median;
  if (result.matmul_speed > 0)
    summary.matmul_share = result.flops_per_image * summary.images_per_second / result.matmul_speed;
  return summary;
}

const char* name_of(Workload workload) {
  return workload == Workload::step ? "step" : workload == Workload::eval ? "eval" : "loader";
}
const char* name_of(BenchTask task) {
  return task == BenchTask::pretrain ? "pretrain" : "finetune";
}
const char* name_of(Precision precision) {
  return precision == Precision::float32 ? "float32" : precision == Precision::bfloat16 ? "bfloat16" : "float16";
}

}  // namespace

void print_json(std::ostream& out, const BenchOptions& options, const BenchResult& result) {
  const Summary s = summarise(options, result);
  out << "{\"what\": \"" << name_of(options.workload) << "\", \"task\": \"" << name_of(options.task)
      << "\", \"precision\": \"" << name_of(options.precision) << "\", \"batch\": " << options.batch
      << ", \"seconds\": {\"min\": " << exact(s.min) << ", \"median\": " << exact(s.median)
      << ", \"max\": " << exact(s.max) << "}, \"images_per_second\": " << exact(s.images_per_second)
      << ", \"peak_memory_bytes\": " << result.peak_memory_bytes << ", \"threads\": " << result.threads
      << ", \"device\": " << json_quote(options.device) << ", \"flops_per_image\": " << exact(result.flops_per_image)
      << ", \"matmul_limit_share\": " << exact(s.matmul_share);
  if (options.parts && !result.parts.empty()) {
    out << ", \"parts\": {";
    for (std::size_t i = 0; i < result.parts.size(); ++i)
      out << (i ? ", " : "") << json_quote(result.parts[i].first) << ": " << exact(result.parts[i].second);
    out << '}';
  }
  out << "}\n";
}

void print_text(std::ostream& out, const BenchOptions& options, const BenchResult& result) {
  const Summary s = summarise(options, result);
  out << std::fixed << std::setprecision(3);
  out << name_of(options.workload) << ", " << name_of(options.task) << ", " << name_of(options.precision) << ", batch "
      << options.batch << ", " << options.device << ", " << result.threads << " threads\n"
      << "  seconds       " << s.median << " (" << s.min << " … " << s.max << ")\n"
      << "  images/s      " << s.images_per_second << '\n'
      << "  peak memory   " << human_bytes(static_cast<double>(result.peak_memory_bytes)) << '\n';
  if (result.matmul_speed > 0)
    out << "  FLOPs/image   " << human_count(result.flops_per_image) << '\n'
        << "  matmul limit  " << std::setprecision(1) << 100 * s.matmul_share << " % of "
        << human_count(result.matmul_speed) << "FLOP/s\n";
  out << std::setprecision(3);
  for (const auto& [name, seconds] : result.parts)
    out << "  " << std::left << std::setw(14) << name << std::right << seconds << " s\n";
}

}  // namespace luvit
