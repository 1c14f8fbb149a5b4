#pragma once
#include "luvit/weights/frozen_reference.h"
#include "luvit/weights/model_file.h"
#include "tensor_set.h"

namespace luvit {

inline constexpr const char* weights_format = "1";  // metadata `luvit.format`

// A weights file, or a checkpoint folder's with the reference to its frozen block.
struct OpenedWeights {
  std::unique_ptr<SafetensorsFile> file;
  std::optional<FrozenReference> frozen;  // of a checkpoint
  TensorTable tensors;

  bool has(const std::string& name) const { return tensors.count(name) > 0; }
  bool is_checkpoint() const { return frozen.has_value(); }
  const std::string& metadata(const std::string& key) const;  // "" where absent
};

// DataError for a checkpoint that is not whole, and for a newer luvit.format.
OpenedWeights open_weights(const fs::path& path, FileCheck check);

ModelKind kind_of(const OpenedWeights& opened);

// DataError where the sizes do not go together.
void require_consistent(const OpenedModel& model, const std::string& path);

// A checkpoint leaves the frozen block out of its file (unless there is none).
bool block_left_out(const OpenedWeights& opened, const std::vector<NamedTensor>& model);

// DataError where the file or folder that a checkpoint's block is in has gone: it cannot be named anew.
void require_block_source(const FrozenReference& frozen, const fs::path& checkpoint);

// Puts it into the model: regenerated from its seed, or read from its source and held to its hash.
void load_left_out_block(Module& model, const ModelOptions& options, const FrozenReference& frozen,
                         const fs::path& checkpoint, std::optional<at::ScalarType> type);

}  // namespace luvit
