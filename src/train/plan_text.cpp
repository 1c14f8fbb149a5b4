#include <cstdio>
#include <numeric>

#include "luvit/core/log.h"
#include "luvit/core/text.h"
#include "luvit/train/plan.h"
#include "row.h"

namespace luvit {

namespace {

std::string bytes(std::int64_t count) {
  return human_bytes(static_cast<double>(count));
}

std::string figure(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string batch_text(const Plan& plan) {
  if (plan.micro_batches == 1) return str(plan.rows, " images at once");
  return str(plan.rows, " images in ", plan.micro_batches, " micro-batches of ", plan.micro_batch,
             plan.rows % plan.micro_batch ? " and the rest" : "");
}

std::string reduction_text(const Plan& plan) {
  if (plan.bucket_bytes.empty()) return "nothing: there are no other ranks";
  const auto all = std::accumulate(plan.bucket_bytes.begin(), plan.bucket_bytes.end(), std::int64_t{0});
  return str(bytes(all), " of gradients a step, in ", plan.bucket_bytes.size(), " buckets");
}

std::string memory_text(const Plan& plan, const std::optional<Gpu>& gpu) {
  const bool in_shares = plan.state != plan.whole_state;
  return str(bytes(plan.total()), gpu ? str(" of ", human_bytes(gpu->memory_bytes)) : "", ": weights ",
             bytes(plan.weights), ", gradients ", bytes(plan.gradients), ", moments ", bytes(plan.state), " (",
             in_shares ? "without" : "with", " distributed.shard_optimizer ",
             bytes(in_shares ? plan.whole_state : plan.shared_state), "), activations ", bytes(plan.activations));
}

// A run's time from its operations, if the GPUs reach a share of their peak.
std::string time_rows(const RunSummary& run, const Plan& plan, const Gpu& gpu, Precision precision) {
  const auto images = static_cast<double>(run.length.steps) * static_cast<double>(plan.rows);  // of a rank
  std::string text;
  for (const int percent : {40, 20, 10}) {
    const double speed = gpu.flops(precision) * percent / 100 / run.step_flops;
    text += row(str("time at ", percent, "%"),
                str(figure("%.3g hours, ", images / speed / 3600), std::llround(speed), " images/s a rank"));
  }
  const std::string peak = figure("%.4g TFLOP/s in ", gpu.flops(precision) / 1e12);
  return row("GPU", str(gpu.name, ", at its peak ", peak, precision == Precision::float32 ? "float32" : "16 bits")) +
         text;
}

}  // namespace

std::string plan_text(const RunSummary& run, const Plan& plan, const std::optional<Gpu>& gpu, Precision precision) {
  std::string text = str("plan for ", plan.ranks, plan.ranks == 1 ? " rank" : " ranks", ", counted in a step of rank ",
                         plan.rank, " that has sizes but no values\n");
  text += row("a rank's batch", batch_text(plan));
  text += row("reduced", reduction_text(plan));
  text += row("memory a rank", memory_text(plan, gpu));
  text += gpu ? time_rows(run, plan, *gpu, precision) : row("time", "--gpu NAME tells the hours");
  return text;
}

void tell_plan(const RunSummary& run, const Plan& plan, const std::optional<Gpu>& gpu, Precision precision) {
  log_info(plan_text(run, plan, gpu, precision));
  if (gpu && static_cast<double>(plan.total()) > gpu->memory_bytes)
    log_warning(str("a rank needs ", bytes(plan.total()), ", but a GPU of the kind ", gpu->name, " has ",
                    human_bytes(gpu->memory_bytes), ": lower train.micro_batch (now ", plan.micro_batch, ")"));
}

}  // namespace luvit
