#include "luvit/train/summary.h"

#include <cstdio>

#include "luvit/core/text.h"
#include "luvit/models/precision.h"
#include "row.h"

namespace luvit {

namespace {

std::string flops(double value) {
  return human_count(value) + "FLOP";
}

std::string rate(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

const char* fusion_name(FusionKind kind) {
  return kind == FusionKind::llama ? "llama" : kind == FusionKind::mlp ? "mlp" : "none";
}

std::string fusion_text(const FusionOptions& fusion) {
  if (fusion.kind != FusionKind::llama) return fusion_name(fusion.kind);
  std::string text =
      str("llama ", fusion.dim, " wide, ", fusion.heads, " heads",
          fusion.kv_heads != fusion.heads ? str(" over ", fusion.kv_heads) : "", ", from ", fusion.weights);
  if (fusion.lora.rank > 0) text += str(", LoRA rank ", fusion.lora.rank, " on ", join(fusion.lora.targets, " "));
  return text;
}

}  // namespace

RunSummary summarise(const Driver& driver, Module& model, std::int64_t samples, std::int64_t ranks) {
  const RunConfig& config = driver.config();
  RunSummary out;
  out.samples = samples;
  out.classes = driver.labels_wanted() ? config.model.classes : 0;
  out.length = training_length(config.train, samples);
  out.parameters = count_parameters(model);
  out.ranks = ranks;
  out.rows = config.train.batch_size / ranks;
  out.micro_batch = std::min(out.rows, config.train.micro_batch.value_or(out.rows));
  const TrainingCosts costs = driver.costs(out.micro_batch);
  out.forward_flops = costs.forward_flops;
  out.step_flops = costs.step_flops;
  const auto frozen_size =
      static_cast<double>(at::elementSize(frozen_type(config.model.fusion, compute_type(config.train.precision))));
  const auto trained = static_cast<double>(out.parameters.trained), frozen = static_cast<double>(out.parameters.frozen);
  out.weight_bytes = 4 * (static_cast<double>(out.parameters.total) - frozen) + frozen_size * frozen;
  if (config.train.ema) out.weight_bytes += 4 * trained;
  out.weight_bytes += costs.teacher_bytes;
  const double moments = 8 * trained / static_cast<double>(config.distributed.shard_optimizer ? ranks : 1);
  out.optimizer_bytes = 4 * trained + moments;  // and the gradient
  out.activation_bytes = costs.activation_bytes * static_cast<double>(out.micro_batch);
  out.checkpoint_bytes = static_cast<std::int64_t>(4 * (static_cast<double>(out.parameters.total) - frozen) +
                                                   (config.train.ema ? 12 : 8) * trained);
  out.peak_lr = config.optim.peak_lr(config.train.batch_size);
  return out;
}

std::string summary_text(const RunConfig& config, const RunSummary& s, const std::string& data_name, bool with_memory) {
  const auto& model = config.model;
  std::string text;
  text += row("model", str("ViT ", model.dim, " wide, ", model.depth, " blocks, ", model.heads, " heads, ",
                           model.image_size, "² in ", model.patch_size, "² patches"));
  text += row("fusion", fusion_text(model.fusion));
  text += row("parameters", str(human_count(static_cast<double>(s.parameters.total)), ": ",
                                human_count(static_cast<double>(s.parameters.trained)), " trained (LoRA ",
                                human_count(static_cast<double>(s.parameters.lora)), "), ",
                                human_count(static_cast<double>(s.parameters.frozen)), " frozen"));
  text += row("operations", str(flops(s.forward_flops), " an image forward, ", flops(s.step_flops), " in a step"));
  if (with_memory)
    text +=
        row("memory estimate", str(human_bytes(s.weight_bytes + s.optimizer_bytes + s.activation_bytes), ": weights ",
                                   human_bytes(s.weight_bytes), ", gradients and moments ",
                                   human_bytes(s.optimizer_bytes), ", activations ", human_bytes(s.activation_bytes)));
  text += row("checkpoint", human_bytes(static_cast<double>(s.checkpoint_bytes)));
  text += row("data", str(s.samples, " images in ", data_name, s.classes > 0 ? str(", ", s.classes, " classes") : ""));
  text += row("effective batch",
              str(config.train.batch_size, s.ranks > 1 ? str(": ", s.ranks, " ranks with ", s.rows, " each") : "",
                  s.micro_batch < s.rows ? str(" in micro-batches of ", s.micro_batch) : ""));
  text += row("steps", str(s.length.steps, ": ", counted(s.length.epochs, "epoch"), " of ", s.length.steps_per_epoch));
  text +=
      row("learning rate", str(rate(s.peak_lr), " at the peak",
                               config.optim.lr ? "" : str(" (base_lr ", rate(config.optim.base_lr), " × batch / 256)"),
                               ", ", counted(config.optim.warmup_epochs, "epoch"), " of warm-up"));
  return text;
}

}  // namespace luvit
