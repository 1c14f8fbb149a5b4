#pragma once
#include <optional>
#include <string>
#include <vector>

#include "luvit/models/module.h"
#include "luvit/optim/adamw.h"
#include "luvit/optim/gradients.h"
#include "luvit/weights/frozen_reference.h"
#include "luvit/weights/model_file.h"

namespace luvit {

// A checkpoint is a folder OUTPUT/checkpoints/step-%08d: model.safetensors (without the frozen block),
// optimizer.safetensors, state.json with the size and SHA-256 of both. It is written under a temporary name,
// synced and renamed, so a folder of that name is whole or was damaged later.
// Which samples a run draws from: with others in their places it would be another run.
struct DataFingerprint {
  std::int64_t samples = 0;
  std::string names_sha256;  // over their names in order
  bool operator==(const DataFingerprint&) const = default;
};

struct CheckpointState {
  std::int64_t step = 0;
  double epoch = 0;
  std::uint64_t seed = 0;
  std::int64_t threads = 0;
  std::string config;  // resolved, YAML
  double loss_scale = 0;
  std::int64_t loss_scale_growth = 0;
  FrozenReference frozen;
  FrozenReference guide;  // what the run learns from and does not save (Task::give_guidance)
  DataFingerprint data;
};

class Checkpoints {
 public:
  explicit Checkpoints(fs::path output_folder);

  // Writes step's checkpoint, then `latest`, then removes what `keep` no longer covers (never the newest whole
  // one, nor those listed in `pinned`).
  void save(const CheckpointState& state, Module& model, const OpenedModel& description,
            const AdamW::NamedState& optimizer, std::int64_t keep, const std::vector<std::int64_t>& pinned);

  fs::path folder_of(std::int64_t step) const;
  void name_best(std::int64_t step) const;  // writes `best`

  bool any() const;  // whole or not
  // The newest whole one; each newer folder that is not whole is named in a warning.
  std::optional<fs::path> newest_whole() const;

 private:
  fs::path folder_;
  std::vector<std::pair<std::int64_t, fs::path>> listed() const;  // newest first
  void prune(std::int64_t newest, std::int64_t keep, const std::vector<std::int64_t>& pinned) const;
};

// DataError unless the folder is a whole checkpoint; FileCheck::sizes where its hashes have just been looked at.
CheckpointState read_checkpoint_state(const fs::path& folder, FileCheck check = FileCheck::hashes);
// Trained and fixed tensors of the model; the frozen block stays as it is.
void restore(const fs::path& folder, Module& model);
AdamW::NamedState saved_optimizer(const fs::path& folder);

}  // namespace luvit
