#pragma once

#include <string_view>
#include <utility>

#include "luvit/core/files.h"
#include "luvit/io/tensor_source.h"

namespace luvit {

// What a pickle holds, as data: nothing in it is ever looked up or called. What this reader does not know (an
// argparse.Namespace, an optimizer's class, a function) is an opaque object whose parts stay readable. The nodes of
// a file may refer to one another in circles.
struct PickleNode {
  enum class Kind { none, boolean, integer, real, text, bytes, list, tuple, dict, storage, tensor, object };
  using Items = std::vector<const PickleNode*>;
  using Entries = std::vector<std::pair<const PickleNode*, const PickleNode*>>;

  Kind kind = Kind::none;
  std::int64_t integer = 0;  // boolean, integer; storage and tensor: the storage's number
  double real = 0;
  // text, bytes (little-endian ones of an integer that needs more than 64 bits, too); object: its class or function,
  // "argparse.Namespace". Owned by the file.
  std::string_view text;
  Items items;      // list, tuple; object: the tuples its constructor was given, then what was appended
  Entries entries;  // dict; object: what was set in it by key
  const PickleNode* state = nullptr;  // object: its attributes, a dict as a rule

  // tensor: a view of its storage, in elements
  at::ScalarType type = at::kFloat;
  std::int64_t offset = 0;
  std::vector<std::int64_t> shape, strides;

  bool is_text(std::string_view value) const { return kind == Kind::text && text == value; }
  // The value under a text key: of a dict's entries, of an object's attributes. nullptr: none.
  const PickleNode* find(std::string_view key) const;
};

// A file by torch.save: the zip container (records stored, as torch writes them) or the older plain one. The
// pickle is read when it is opened, a tensor's bytes only when it is asked for. As a TensorSource it shows the state
// dict, which is the root itself or stands under 'model' or 'state_dict'. DataError on anything malformed: opcodes,
// stack, memo, sizes, strides and storages are checked against the file before any memory is taken for them.
class PickleFile : public TensorSource {
 public:
  explicit PickleFile(const fs::path& path);
  ~PickleFile() override;

  const PickleNode& root() const;
  const std::vector<TensorInfo>& tensors() const override;  // of the state dict, in its order
  bool has(const std::string& name) const override;
  at::Tensor read(const std::string& name) const override;
  const std::string& path() const override;
  // Names in the state dict that are not tensors (`_extra_state`, counters …).
  const std::vector<std::string>& others() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

bool looks_like_pickle(const fs::path& path);  // by content: either container

}  // namespace luvit
