#include "luvit/train/resume.h"

#include <algorithm>

#include "luvit/config/schema.h"
#include "luvit/core/error.h"
#include "luvit/core/log.h"
#include "luvit/core/text.h"
#include "luvit/io/sha256.h"
#include "luvit/train/run_config.h"
#include "luvit/weights/model_file.h"

namespace luvit {

namespace {

// A checkpoint left over from another course of training would be the newest at the next --resume auto.
void refuse_newer_checkpoints(const ResumePoint& point, const fs::path& output) {
  const auto newest = Checkpoints(output).newest_whole();
  if (!newest || fs::weakly_canonical(*newest) == fs::weakly_canonical(point.folder)) return;
  const auto step = read_checkpoint_state(*newest, FileCheck::sizes).step;
  if (step > point.state.step)
    throw UsageError(str("--resume ", point.folder.string(), ": step ", point.state.step,
                         ", but the output folder already holds ", newest->string()),
                     "choose another --output, or move the newer checkpoints away");
}

}  // namespace

std::optional<ResumePoint> find_resume_point(const std::string& choice, const fs::path& output) {
  if (choice == "none") {
    if (Checkpoints(output).any())
      throw UsageError(str("--resume none: ", output.string(), " holds checkpoints of an earlier run"),
                       "choose another --output, or leave --resume out to continue that run");
    return std::nullopt;
  }
  if (choice == "auto") {
    const auto newest = Checkpoints(output).newest_whole();
    if (!newest) return std::nullopt;
    return ResumePoint{*newest, read_checkpoint_state(*newest, FileCheck::sizes)};
  }
  if (!path_exists(choice))
    throw DataError(str("--resume ", choice, ": no such checkpoint folder"),
                    "name a folder like RUN/checkpoints/step-00000100, or auto");
  ResumePoint point{choice, read_checkpoint_state(choice)};
  refuse_newer_checkpoints(point, output);
  return point;
}

void compare_configs(const ResumePoint& point, const std::string& config_yaml,
                     const std::vector<std::string>& allowed) {
  std::vector<std::string> refused;
  for (const auto& [key, before, after] : config_differences(point.state.config, config_yaml)) {
    const std::string line = str(key, ": ", before, " in the checkpoint, ", after, " now");
    if (may_change_on_resume(key) || std::find(allowed.begin(), allowed.end(), key) != allowed.end())
      log_info("resuming with another " + line);
    else
      refused.push_back(line);
  }
  if (refused.empty()) return;
  throw UsageError(refused, str("resuming ", point.folder.string(),
                                " with this config would be another run; restore the values, choose "
                                "another --output, or say --allow-change KEY"));
}

void settle_lora_with_checkpoint(LoraOptions& lora, const ResumePoint& point, const std::set<std::string>& written) {
  if (!lora.weights || path_exists(*lora.weights)) return;
  const LoraOptions then = describe_model(point.folder).options.fusion.lora;
  const auto settle = [&](const char* key, auto& value, const auto& found) {
    if (!written.contains(str("model.fusion.lora.", key))) value = found;
  };
  settle("rank", lora.rank, then.rank);
  settle("alpha", lora.alpha, then.alpha);
  settle("targets", lora.targets, then.targets);
}

DataFingerprint fingerprint_of(const Dataset& dataset) {
  Sha256 hash;
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    const std::string name = dataset.name(i);
    hash.add(name.c_str(), name.size() + 1);  // with its final zero, which no name contains
  }
  return {.samples = dataset.size(), .names_sha256 = hash.hex()};
}

void compare_data(const ResumePoint& point, const DataFingerprint& now, const std::vector<std::string>& allowed) {
  const DataFingerprint& then = point.state.data;
  if (then == now || std::find(allowed.begin(), allowed.end(), "data.train") != allowed.end()) return;
  throw DataError(str("data.train: ", now.samples, " images, not the ", then.samples, " that ", point.folder.string(),
                      " was trained on", then.samples == now.samples ? " (the same number, other names)" : ""),
                  "bring the data back as it was, or say --allow-change data.train");
}

}  // namespace luvit
