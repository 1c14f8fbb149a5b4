#pragma once
#include <set>
#include <string>
#include <vector>

#include "luvit/weights/frozen_reference.h"
#include "luvit/weights/model_file.h"

namespace luvit {

// From one stage's weights to another's model (`init.weights`): a pretraining model, an encoder or a classifier, from a
// file or a checkpoint folder, becomes a classifier's beginning.

// Keys of `model` that nobody wrote come from the weights; a written one that differs is a DataError with both values.
// Free to differ: image_size (positions are interpolated), what is not the model's function (pool, pos_embed,
// drop_path, classes, decoder, LoRA's dropout) and where the block is from. `written` holds config keys.
// A fusion that is written with `residual: outer` may be put onto weights without one.
void settle_model_options(ModelOptions& options, const OpenedModel& from, const std::set<std::string>& written,
                          const std::string& path);

// Names of tensors, in the model's order; `unexpected` in the file's.
struct Transfer {
  std::vector<std::string> loaded, missing, unexpected, resized;
};
std::string transfer_text(const Transfer& transfer, const std::string& path);  // several lines, for the log

// Puts what the model shares with the weights into it, but for the frozen block; float32. The model's tensors hold
// their initial values, and missing ones keep them: head.*, fc_norm.*, and all of fusion.* where the weights have none;
// any other is a DataError, as is one of another shape. A head for another number of classes is left out.
Transfer transfer_weights(Module& model, const fs::path& weights);

// pos_embed [1,1+L,D] of one grid for another of `patches` (MAE's util/pos_embed.py): patch rows bicubic with corners
// not aligned, the class token's as it is.
at::Tensor resize_positions(const at::Tensor& positions, std::int64_t patches);

// Where a transferred model's frozen block comes from: the weights' own file, or what a checkpoint refers to; nullopt
// where the weights have no block.
std::optional<FrozenReference> block_of(const fs::path& weights);

}  // namespace luvit
