#include "luvit/io/pickle.h"

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "pickle_content.h"

namespace luvit {
namespace {

using Kind = PickleNode::Kind;

bool holds_tensors(const PickleNode* node) {
  if (!node || node->kind != Kind::dict) return false;
  return std::any_of(node->entries.begin(), node->entries.end(),
                     [](const auto& entry) { return entry.second->kind == Kind::tensor; });
}

const PickleNode* find_state_dict(const PickleNode& root, const std::string& path) {
  for (const PickleNode* candidate : {&root, root.find("model"), root.find("state_dict")})
    if (holds_tensors(candidate)) return candidate;
  std::string what = root.kind == Kind::object ? str(" (its root is a ", escape(root.text), ")") : std::string();
  throw DataError(str(escape(path), ": no state dict in it", what,
                      "; expected named tensors at its root, or under 'model' or 'state_dict'"),
                  "torch.save(model.state_dict(), FILE) writes one");
}

void read_container(const InputFile& file, PickleContent& content) {
  if (is_zip(file)) return read_torch_zip(file, content);
  if (is_torch_legacy(file)) return read_torch_legacy(file, content);
  throw DataError(str(escape(file.path()), ": not a file by torch.save (neither its zip container nor the older one)"));
}

}  // namespace

struct PickleFile::Impl {
  explicit Impl(const fs::path& path) : file(path) {
    read_container(file, content);
    check_tensors(content, file.path());
    for (const auto& [key, value] : find_state_dict(*content.root, file.path())->entries) {
      std::string name = key->kind == Kind::text ? std::string(key->text) : std::string("(a key that is no text)");
      if (value->kind != Kind::tensor) {
        others.push_back(name);
      } else if (place.emplace(name, value).second) {
        tensors.push_back({name, value->type, value->shape});
      } else {
        throw DataError(str(escape(file.path()), ": the tensor '", escape(name), "' stands in it twice"));
      }
    }
  }

  InputFile file;
  PickleContent content;
  std::vector<TensorInfo> tensors;
  std::vector<std::string> others;
  std::unordered_map<std::string, const PickleNode*> place;
};

PickleFile::PickleFile(const fs::path& path) : impl_(std::make_unique<Impl>(path)) {}
PickleFile::~PickleFile() = default;
const PickleNode& PickleFile::root() const {
  return *impl_->content.root;
}
const std::vector<TensorInfo>& PickleFile::tensors() const {
  return impl_->tensors;
}
bool PickleFile::has(const std::string& name) const {
  return impl_->place.count(name) != 0;
}
const std::string& PickleFile::path() const {
  return impl_->file.path();
}
const std::vector<std::string>& PickleFile::others() const {
  return impl_->others;
}

at::Tensor PickleFile::read(const std::string& name) const {
  auto found = impl_->place.find(name);
  if (found == impl_->place.end()) throw DataError(str(escape(path()), ": no tensor '", escape(name), "' in it"));
  const PickleNode& node = *found->second;
  const PickleStorage& storage = impl_->content.storages[static_cast<std::size_t>(node.integer)];

  // Only the stretch that the view touches: several weights may share a storage. check_tensors has held it to bounds.
  bool empty = std::count(node.shape.begin(), node.shape.end(), 0) > 0;
  std::int64_t elements = empty ? 0 : 1;
  for (std::size_t i = 0; i < node.shape.size() && !empty; ++i) elements += (node.shape[i] - 1) * node.strides[i];
  at::Tensor stretch = at::empty({elements}, at::TensorOptions(node.type));
  if (empty) return stretch.view(node.shape);
  auto item = static_cast<std::uint64_t>(stretch.element_size());
  impl_->file.read_at(storage.begin + static_cast<std::uint64_t>(node.offset) * item, stretch.mutable_data_ptr(),
                      stretch.nbytes());
  return stretch.as_strided(node.shape, node.strides).contiguous();
}

bool looks_like_pickle(const fs::path& path) {
  InputFile file(path);
  return is_zip(file) || is_torch_legacy(file);
}

}  // namespace luvit
