#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>

#include "luvit/core/files.h"

namespace luvit {

// Where a checkpoint's frozen block comes from: state.json's `frozen_block`. Checkpoints hold this in place of
// 405 MB that never change.
//   null | {"source": "random", "seed": S, "type": "BF16"} | {"source": PATH, "layer": N, "sha256": H, "type": "BF16"}
struct FrozenReference {
  enum class Kind { none, random, file } kind = Kind::none;
  std::uint64_t seed = 0;  // random: regenerated from it
  std::string source;      // file: path as configured,
  std::int64_t layer = 0;  // which block of it,
  std::string sha256;      // and BlockSource::sha256 of its tensors
  // What the run keeps it in; where state.json is silent: float32 for random, the file's own type.
  std::optional<at::ScalarType> type;
};

// From a checkpoint folder's state.json.
FrozenReference read_frozen_reference(const fs::path& checkpoint_folder);
// The same of what a run learned from and did not save, state.json's `guide`: a teacher (layer -1, SHA-256 of its file)
// or the block of an auxiliary path. Kind none where there was nothing.
FrozenReference read_guide(const fs::path& checkpoint_folder);

// Why the files of a checkpoint folder are not those that its state.json lists ("optimizer.safetensors has 10 bytes,
// 2000 expected"), or "". Hashing them all takes seconds at full size; sizes alone cost nothing.
enum class FileCheck { sizes, hashes };
std::string checkpoint_files_defect(const fs::path& checkpoint_folder, FileCheck check);

}  // namespace luvit
