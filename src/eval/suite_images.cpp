#include "suite_images.h"

#include <algorithm>

#include "luvit/core/error.h"
#include "luvit/core/input_file.h"
#include "luvit/core/text.h"
#include "luvit/data/image_tree.h"

namespace luvit {
namespace {

constexpr const char* layout_hint =
    "expected is the data set as it is distributed: FOLDER/CLASS/IMAGE (docs/evaluate.md)";

std::string class_of(const std::string& path) {
  const auto slash = path.find('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

void refuse_unknown(const std::string& folder, const ImageTree& tree, const FolderLabels& labels,
                    const std::string& meaning) {
  std::vector<std::string> unknown;
  for (const std::string& name : tree.top_folders)
    if (!labels.contains(name)) unknown.push_back(name);
  if (unknown.empty()) return;
  throw DataError(str(folder, ": ", unknown.size(), " of ", tree.top_folders.size(), " class folders are unknown (",
                      some_of(unknown), "); expected ", meaning),
                  "classes are found by their folders' names, never by their order: remove what does not belong there");
}

class ShardImages : public SuiteImages {
 public:
  ShardImages(std::unique_ptr<Dataset> shards, std::int64_t every) : SuiteImages("", {}), shards_(std::move(shards)) {
    for (std::int64_t i = 0; i < shards_->size(); ++i) order_.push_back(i);
    std::sort(order_.begin(), order_.end(), [this](std::int64_t a, std::int64_t b) { return path_of(a) < path_of(b); });
    std::int64_t kept = 0;
    for (std::size_t i = 0; i < order_.size(); i += static_cast<std::size_t>(every))
      order_[static_cast<std::size_t>(kept++)] = order_[i];
    order_.resize(static_cast<std::size_t>(kept));
  }
  std::int64_t size() const override { return std::ssize(order_); }
  std::int64_t label(std::int64_t index) const override { return shards_->label(at(index)); }
  std::string name(std::int64_t index) const override { return shards_->name(at(index)); }
  std::string path(std::int64_t index) const override { return path_of(at(index)); }
  void read(std::int64_t index, std::vector<std::uint8_t>& buffer) const override { shards_->read(at(index), buffer); }

 private:
  std::int64_t at(std::int64_t index) const { return order_.at(static_cast<std::size_t>(index)); }
  std::string path_of(std::int64_t index) const { return path_of_shard_member(shards_->name(index)); }
  std::unique_ptr<Dataset> shards_;
  std::vector<std::int64_t> order_;  // by path
};

}  // namespace

std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t most = 3;
  const std::vector<std::string> first(names.begin(),
                                       names.begin() + static_cast<std::ptrdiff_t>(std::min(most, names.size())));
  return escape(join(first, ", ")) + (names.size() > most ? ", …" : "");
}

std::shared_ptr<const SuiteImages> open_shards(const std::string& source, std::int64_t every) {
  return std::make_shared<const ShardImages>(open_dataset({source}, /*labels_wanted=*/true), every);
}

void SuiteImages::read(std::int64_t index, std::vector<std::uint8_t>& buffer) const {
  const InputFile file(name(index));
  buffer.resize(file.size());
  file.read_at(0, buffer.data(), buffer.size());
}

FoundImages find_images(const std::string& root, const std::string& below, const FolderLabels& labels,
                        const std::string& meaning) {
  const std::string folder = below.empty() ? root : root + "/" + below;
  if (!is_folder(folder)) throw DataError(str(folder, ": no such folder"), layout_hint);
  ImageTree tree = list_images(folder);
  if (tree.images.empty())
    throw DataError(str(folder, ": no image in this folder; found ", tree.top_folders.size(), " folders and ",
                        tree.other_files, " other files"),
                    layout_hint);
  refuse_unknown(folder, tree, labels, meaning);
  FoundImages found{.skipped = tree.other_files + tree.hidden};
  found.images.reserve(tree.images.size());
  for (const std::string& path : tree.images) {
    const std::string name = class_of(path);
    if (name.empty()) throw DataError(str(folder, "/", path, ": an image outside the class folders"), layout_hint);
    if (found.class_folders.empty() || found.class_folders.back() != name) found.class_folders.push_back(name);
    found.images.push_back({below.empty() ? path : below + "/" + path, labels.at(name)});
  }
  return found;
}

void keep_every(FoundImages& found, std::int64_t every) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < found.images.size(); i += static_cast<std::size_t>(every))
    std::swap(found.images[kept++], found.images[i]);
  found.images.resize(kept);
}

}  // namespace luvit
