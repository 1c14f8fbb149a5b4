#pragma once
#include "import_vit.h"
#include "tensor_set.h"

namespace luvit {

// A foreign ViT's state dict: names as ours once a wrapper's prefix ("module.") is off.
struct ForeignVit {
  const TensorSource& source;
  TensorTable tensors;  // by our names
  std::string prefix;

  explicit ForeignVit(const TensorSource& from);
  bool has(const std::string& name) const { return tensors.count(name) > 0; }
  at::Tensor read(const std::string& name) const { return source.read(prefix + name); }
};

// What the shapes say, and beside each value that they do not say, why it was taken.
struct VitDescription {
  OpenedModel model;
  std::string heads_from, decoder_heads_from, masking_from, pos_embed_from, preprocess_from;
};
VitDescription describe_vit(const ForeignVit& vit, const VitNotes& notes, const ImportOptions& options);

}  // namespace luvit
