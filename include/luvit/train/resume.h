#pragma once
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "luvit/data/dataset.h"
#include "luvit/train/checkpoint.h"

namespace luvit {

// Where a run goes on from.
struct ResumePoint {
  fs::path folder;
  CheckpointState state;
};

// --resume auto: the newest whole checkpoint of the output folder, or none. none: UsageError where checkpoints
// stand. Otherwise a checkpoint folder: DataError where it is missing or not whole.
std::optional<ResumePoint> find_resume_point(const std::string& choice, const fs::path& output);

// Prints every difference between the checkpoint's config and this one; UsageError for one that would alter the
// run and is not among `allowed`.
void compare_configs(const ResumePoint& point, const std::string& config_yaml, const std::vector<std::string>& allowed);

// A checkpoint has its adapter in it: where the file that it began with is gone, rank, alpha and targets that nobody
// wrote are the checkpoint's.
void settle_lora_with_checkpoint(LoraOptions& lora, const ResumePoint& point, const std::set<std::string>& written);

// Over the names of all samples, in order.
DataFingerprint fingerprint_of(const Dataset& dataset);
// DataError where data.train is not what the run began with: the same places would be other images. Said to be
// meant by --allow-change data.train.
void compare_data(const ResumePoint& point, const DataFingerprint& now, const std::vector<std::string>& allowed);

}  // namespace luvit
