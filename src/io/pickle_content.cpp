#include "pickle_content.h"

#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {

PickleNode* PickleContent::add(PickleNode::Kind kind, const ByteReader& in) {
  charge(1, in);
  PickleNode& node = nodes_.emplace_back();
  node.kind = kind;
  return &node;
}

std::string_view PickleContent::keep(std::string text) {
  return texts_.emplace_back(std::move(text));
}

std::string_view PickleContent::intern(const std::string& name) {
  return *names_.insert(name).first;
}

void PickleContent::charge(std::size_t units, const ByteReader& in) {
  charged_ += units;
  if (charged_ > most_nodes) in.fail(str("more than ", most_nodes, " objects"));
}

std::int64_t PickleContent::storage(const std::string& key, at::ScalarType type, std::int64_t elements,
                                    const ByteReader& in) {
  auto [found, is_new] = numbers_.try_emplace(key, static_cast<std::int64_t>(storages.size()));
  if (is_new) {
    charge(1, in);
    storages.push_back({key, type, elements});
  } else if (const PickleStorage& known = storages[static_cast<std::size_t>(found->second)];
             known.type != type || known.elements != elements) {
    in.fail(str("the storage '", escape(key), "' is described in two ways"));
  }
  return found->second;
}

const PickleNode* PickleNode::find(std::string_view key) const {
  const PickleNode* dict = kind == Kind::object ? state : this;
  if (!dict || dict->kind != Kind::dict) return nullptr;
  for (auto entry = dict->entries.rbegin(); entry != dict->entries.rend();
       ++entry)  // a later value replaces an earlier
    if (entry->first->is_text(key)) return entry->second;
  return nullptr;
}

namespace {

[[noreturn]] void fail(const std::string& path, const PickleStorage& storage, const std::string& what) {
  throw DataError(str(escape(path), ": storage '", escape(storage.key), "': ", what));
}

// Elements from the first to the last that a view touches; no value on overflow.
std::optional<std::int64_t> reach(const PickleNode& tensor) {
  std::int64_t last = tensor.offset;
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    std::int64_t step = 0;
    if (tensor.shape[i] == 0) return 0;
    if (__builtin_mul_overflow(tensor.shape[i] - 1, tensor.strides[i], &step) ||
        __builtin_add_overflow(last, step, &last))
      return {};
  }
  return last == std::numeric_limits<std::int64_t>::max() ? std::optional<std::int64_t>() : last + 1;
}

// Bytes of a tensor once it is contiguous; no value on overflow, empty tensors' other sizes included.
std::optional<std::int64_t> bytes_of(const PickleNode& tensor) {
  auto bytes = static_cast<std::int64_t>(c10::elementSize(tensor.type));
  for (std::int64_t n : tensor.shape)
    if (n != 0 && __builtin_mul_overflow(bytes, n, &bytes)) return {};
  return std::count(tensor.shape.begin(), tensor.shape.end(), 0) > 0 ? 0 : bytes;
}

}  // namespace

void check_tensors(const PickleContent& content, const std::string& path) {
  // Strides of 0 repeat elements: a small file may stand for a large tensor, within reason.
  constexpr std::int64_t largest_repeated = 64 << 20;
  for (const PickleNode& node : content.nodes()) {
    if (node.kind != PickleNode::Kind::tensor) continue;
    const PickleStorage& storage = content.storages[static_cast<std::size_t>(node.integer)];
    auto held = static_cast<std::int64_t>(storage.bytes);
    auto elements = reach(node);
    auto bytes = bytes_of(node);
    std::int64_t item_size = static_cast<std::int64_t>(c10::elementSize(node.type));
    if (!elements || !bytes || *elements > held / item_size)
      fail(path, storage, str("a tensor reaches beyond its end (", held, " bytes)"));
    if (*bytes > std::max(held, largest_repeated)) fail(path, storage, "a tensor repeats it too often");
  }
}

}  // namespace luvit
