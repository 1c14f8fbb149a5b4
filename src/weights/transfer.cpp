#include "luvit/weights/transfer.h"

#include <ATen/ATen.h>

#include <cmath>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "opened_weights.h"

namespace luvit {

namespace {

std::string line(const char* what, const std::vector<std::string>& names) {
  return names.empty() ? std::string() : str("  ", what, ": ", join(names, ", "), "\n");
}

// New at this stage, whatever the weights are.
bool may_be_missing(const std::string& name, bool fusion_there) {
  return name.starts_with("head.") || name.starts_with("fc_norm.") || (!fusion_there && name.starts_with("fusion."));
}

bool has_fusion(const OpenedWeights& weights) {
  return std::any_of(weights.tensors.begin(), weights.tensors.end(),
                     [](const auto& one) { return one.first.starts_with("fusion."); });
}

}  // namespace

std::string transfer_text(const Transfer& transfer, const std::string& path) {
  return str("weights from ", path, ": ", transfer.loaded.size(), " tensors loaded, ", transfer.missing.size(),
             " missing, ", transfer.unexpected.size(), " unexpected, ", transfer.resized.size(), " resized\n",
             line("loaded", transfer.loaded), line("missing, so new", transfer.missing),
             line("unexpected, so left out", transfer.unexpected), line("resized", transfer.resized));
}

at::Tensor resize_positions(const at::Tensor& positions, std::int64_t patches) {
  const std::int64_t width = positions.size(2), had = positions.size(1) - 1;
  const auto side = [](std::int64_t count) { return std::llround(std::sqrt(static_cast<double>(count))); };
  const std::int64_t from = side(had), to = side(patches);
  if (from * from != had || to * to != patches)
    throw DataError(str("pos_embed: ", had, " positions for ", patches, " patches; both must be a square grid"),
                    "model.image_size and model.patch_size decide the number of patches");
  const at::Tensor grid = positions.narrow(1, 1, had).reshape({1, from, from, width}).permute({0, 3, 1, 2});
  const at::Tensor resized = at::upsample_bicubic2d(grid, {to, to}, /*align_corners=*/false);
  return at::cat({positions.narrow(1, 0, 1), resized.permute({0, 2, 3, 1}).reshape({1, patches, width})}, 1);
}

Transfer transfer_weights(Module& model, const fs::path& path) {
  const at::NoGradGuard no_gradients;
  OpenedWeights weights = open_weights(path, FileCheck::hashes);
  const bool fusion_there = has_fusion(weights);
  Transfer transfer;
  std::vector<std::string> problems;
  for (const auto& [name, tensor, role] : model.named_tensors()) {
    if (role == Role::frozen) {
      weights.tensors.erase(name);
      continue;
    }
    const auto found = weights.tensors.find(name);
    const bool other_head =
        found != weights.tensors.end() && name.starts_with("head.") && found->second.shape != tensor->sizes();
    if (found == weights.tensors.end() || other_head) {
      transfer.missing.push_back(name);
      if (!may_be_missing(name, fusion_there)) problems.push_back(str(escape(path.string()), ": it has no ", name));
      continue;
    }
    at::Tensor value = weights.file->read(name).to(at::kFloat);
    weights.tensors.erase(found);
    if (name == "pos_embed" && value.dim() == 3 && value.size(1) != tensor->size(1)) {
      value = resize_positions(value, tensor->size(1) - 1);
      transfer.resized.push_back(name);
    }
    if (value.sizes() != tensor->sizes())
      problems.push_back(luvit::str(escape(path.string()), ": ", name, " is ", value.sizes(),
                                    ", the config's model has ", tensor->sizes()));
    else
      *tensor = value;
    transfer.loaded.push_back(name);
  }
  if (!problems.empty())
    throw DataError(problems,
                    "only head.* and fc_norm.* may be new; `luvit_convert inspect` tells what the weights hold");
  for (const auto& [name, info] : weights.tensors) transfer.unexpected.push_back(name);
  return transfer;
}

std::optional<FrozenReference> block_of(const fs::path& path) {
  const OpenedWeights weights = open_weights(path, FileCheck::sizes);
  const bool inside = std::any_of(weights.tensors.begin(), weights.tensors.end(), [](const auto& one) {
    return one.first.starts_with("fusion.block.input_layernorm");
  });
  if (inside) return FrozenReference{.kind = FrozenReference::Kind::file, .source = path.string(), .layer = -1};
  if (!weights.is_checkpoint() || weights.frozen->kind == FrozenReference::Kind::none) return std::nullopt;
  return weights.frozen;
}

}  // namespace luvit
