#pragma once
#include <cstdint>
#include <string>

#include "luvit/core/files.h"

namespace luvit {

// Where a checkpoint's frozen block comes from: state.json's `frozen_block`. Checkpoints hold this in place of
// 405 MB that never change.
struct FrozenReference {
  enum class Kind { none, random, file } kind = Kind::none;
  std::uint64_t seed = 0;   // random: regenerated from it
  std::string source;       // file: path as configured,
  std::int64_t layer = 0;   // which block of it,
  std::string sha256;       // and BlockSource::sha256 of its tensors
};

// From a checkpoint folder's state.json.
FrozenReference read_frozen_reference(const fs::path& checkpoint_folder);

}  // namespace luvit
