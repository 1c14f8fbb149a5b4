#include <dirent.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "image_names.h"
#include "luvit/core/error.h"
#include "luvit/core/input_file.h"
#include "luvit/core/text.h"
#include "luvit/data/image_tree.h"
#include "part.h"

namespace luvit {
namespace {

struct FolderId {
  dev_t device;
  ino_t inode;
  bool operator==(const FolderId&) const = default;
};

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

// Walks a tree depth first, following links. A folder that is already open further up is a loop and not entered.
class TreeWalk {
 public:
  explicit TreeWalk(std::string root) : root_(std::move(root)) {
    enter("");
    std::sort(found.images.begin(), found.images.end());
    std::sort(found.top_folders.begin(), found.top_folders.end());
  }
  ImageTree found;

 private:
  void enter(const std::string& relative) {
    const std::string path = relative.empty() ? root_ : root_ + "/" + relative;
    std::unique_ptr<DIR, CloseFolder> folder(::opendir(path.c_str()));
    if (!folder) throw DataError(str(path, ": this folder cannot be read: ", std::strerror(errno)));
    struct stat status {};
    if (::fstat(::dirfd(folder.get()), &status) != 0) throw DataError(str(path, ": ", std::strerror(errno)));
    const FolderId id{status.st_dev, status.st_ino};
    if (std::find(open_.begin(), open_.end(), id) != open_.end()) return;
    open_.push_back(id);
    std::vector<std::string> below;
    while (const dirent* entry = next_entry(folder.get(), path)) {
      const std::string_view own = entry->d_name;
      if (own.starts_with('.')) {
        found.hidden += own != "." && own != "..";
        continue;
      }
      const std::string name = relative.empty() ? entry->d_name : relative + "/" + entry->d_name;
      if (is_folder(*entry, name)) {
        below.push_back(name);
      } else if (has_image_extension(entry->d_name)) {
        found.images.push_back(name);  // a dead link of that name, too: it is reported when read
      } else {
        ++found.other_files;
      }
    }
    folder.reset();  // before going down: the depth must not be limited by the number of open files
    for (const auto& name : below) enter_below(name, relative.empty());
    open_.pop_back();
  }

  // A folder that calls itself an image and holds none is listed as one: it is reported when read, never passed over
  // in silence.
  void enter_below(const std::string& name, bool top) {
    const std::size_t before = found.images.size();
    enter(name);
    if (found.images.size() == before && has_image_extension(name)) {
      found.images.push_back(name);
    } else if (top) {
      found.top_folders.push_back(name);
    }
  }

  static const dirent* next_entry(DIR* folder, const std::string& path) {
    errno = 0;  // the end and an error both give a null pointer
    const dirent* entry = ::readdir(folder);
    if (!entry && errno != 0) throw DataError(str(path, ": this folder cannot be read: ", std::strerror(errno)));
    return entry;
  }

  bool is_folder(const dirent& entry, const std::string& relative) const {
    if (entry.d_type != DT_LNK && entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
    struct stat status {};
    return ::stat((root_ + "/" + relative).c_str(), &status) == 0 && S_ISDIR(status.st_mode);
  }

  std::string root_;
  std::vector<FolderId> open_;
};

std::string_view top_of(std::string_view path) {
  const auto slash = path.find('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

constexpr const char* layout_hint =
    "expected are images (jpg jpeg png webp bmp tif tiff) at any depth for pretraining, ROOT/CLASS/IMAGE where labels "
    "are needed, or tar shards";

class Folder : public DataPart {
 public:
  Folder(std::string root, bool labels_wanted) : root_(std::move(root)) {
    while (root_.size() > 1 && root_.back() == '/') root_.pop_back();
    ImageTree tree = list_images(root_);
    if (tree.images.empty()) {
      throw DataError(str(root_, ": no image in this folder; found ", tree.top_folders.size(), " folders and ",
                          tree.other_files, " other files"),
                      layout_hint);
    }
    for (const auto& path : tree.images) paths_.add(path);
    if (labels_wanted) find_classes(tree);
  }

  std::int64_t size() const override { return static_cast<std::int64_t>(paths_.size()); }
  std::string name(std::int64_t place) const override {
    return str(root_ == "/" ? "" : root_, "/", paths_[static_cast<std::size_t>(place)]);
  }
  std::int64_t label(std::int64_t place) const override {
    return labels_.empty() ? -1 : labels_[static_cast<std::size_t>(place)];
  }
  const std::vector<std::string>* class_names() const override { return labels_.empty() ? nullptr : &classes_; }

  void read(std::int64_t place, std::vector<std::uint8_t>& buffer) const override {
    const InputFile file(name(place));
    buffer.resize(static_cast<std::size_t>(file.size()));
    file.read_at(0, buffer.data(), buffer.size());
  }

 private:
  void find_classes(ImageTree& tree) {
    classes_ = std::move(tree.top_folders);
    if (classes_.empty()) {
      throw DataError(str(root_, ": no class folder here; found ", size(), " images and no folder"), layout_hint);
    }
    std::vector<std::int64_t> counts(classes_.size());
    labels_.reserve(paths_.size());
    for (std::size_t i = 0; i < paths_.size(); ++i) {
      const auto top = top_of(paths_[i]);
      const auto found = std::lower_bound(classes_.begin(), classes_.end(), top);
      if (top.empty() || found == classes_.end() || *found != top) {
        throw DataError(str(name(static_cast<std::int64_t>(i)), ": an image outside the class folders"), layout_hint);
      }
      labels_.push_back(static_cast<std::int32_t>(found - classes_.begin()));
      ++counts[static_cast<std::size_t>(labels_.back())];
    }
    const auto empty = std::find(counts.begin(), counts.end(), 0);
    if (empty == counts.end()) return;
    const auto missing = std::count(counts.begin(), counts.end(), 0);
    throw DataError(str(root_, "/", classes_[static_cast<std::size_t>(empty - counts.begin())],
                        ": a class folder without an image; ", missing, " of ", classes_.size(), " are empty"),
                    "remove the empty class folders, or fill them");
  }

  std::string root_;
  Names paths_;
  std::vector<std::string> classes_;
  std::vector<std::int32_t> labels_;
};

}  // namespace

ImageTree list_images(const std::string& folder) {
  return TreeWalk(folder).found;
}

std::unique_ptr<DataPart> open_folder(const std::string& root, bool labels_wanted) {
  return std::make_unique<Folder>(root, labels_wanted);
}

}  // namespace luvit
