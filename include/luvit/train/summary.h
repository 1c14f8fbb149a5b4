#pragma once
#include <string>

#include "luvit/models/costs.h"
#include "luvit/train/driver.h"

namespace luvit {

// What a run is before it starts: parameters, operations, memory, steps, rates. Printed at the start and by --dry-run.
struct RunSummary {
  ParameterCounts parameters;
  double forward_flops = 0, step_flops = 0;  // an image
  double weight_bytes = 0, optimizer_bytes = 0, activation_bytes = 0;
  std::int64_t checkpoint_bytes = 0;
  std::int64_t samples = 0, classes = 0;  // 0 classes: no labels
  Length length;
  std::int64_t ranks = 1, rows = 0, micro_batch = 0;  // rows a rank
  double peak_lr = 0;
};
RunSummary summarise(const Driver& driver, Module& model, std::int64_t samples, std::int64_t ranks);
// Without the memory's estimate where a plan has counted it.
std::string summary_text(const RunConfig& config, const RunSummary& summary, const std::string& data_name,
                         bool with_memory = true);

}  // namespace luvit
