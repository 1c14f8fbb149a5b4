#include "luvit/eval/image_list.h"

#include "luvit/core/error.h"
#include "luvit/core/files.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

class Unlabelled : public Dataset {
 public:
  std::int64_t label(std::int64_t) const override { return -1; }
  const std::vector<std::string>& classes() const override { return none_; }

 private:
  std::vector<std::string> none_;
};

class ImageFile : public Unlabelled {
 public:
  explicit ImageFile(std::string path) : path_(std::move(path)) {}
  std::int64_t size() const override { return 1; }
  void read(std::int64_t, std::vector<std::uint8_t>& buffer) const override {
    const std::string bytes = read_file(path_);
    buffer.assign(bytes.begin(), bytes.end());
  }
  std::string name(std::int64_t) const override { return path_; }

 private:
  std::string path_;
};

// One data set after another.
class ImageList : public Unlabelled {
 public:
  void append(std::unique_ptr<Dataset> part) {
    ends_.push_back(size() + part->size());
    parts_.push_back(std::move(part));
  }
  std::int64_t size() const override { return ends_.empty() ? 0 : ends_.back(); }
  void read(std::int64_t index, std::vector<std::uint8_t>& buffer) const override {
    const auto [part, place] = find(index);
    part->read(place, buffer);
  }
  std::string name(std::int64_t index) const override {
    const auto [part, place] = find(index);
    return part->name(place);
  }

 private:
  std::pair<const Dataset*, std::int64_t> find(std::int64_t index) const {
    const auto part = std::upper_bound(ends_.begin(), ends_.end(), index) - ends_.begin();
    return {parts_[static_cast<std::size_t>(part)].get(),
            part == 0 ? index : index - ends_[static_cast<std::size_t>(part - 1)]};
  }
  std::vector<std::unique_ptr<Dataset>> parts_;
  std::vector<std::int64_t> ends_;  // ends_[i]: number of images up to part i, included
};

}  // namespace

std::unique_ptr<Dataset> open_images(const std::vector<std::string>& paths) {
  auto list = std::make_unique<ImageList>();
  for (const std::string& path : paths) {
    std::error_code ignored;
    const bool pattern = path.find_first_of("*?[{") != std::string::npos;
    if (!pattern && !fs::exists(path, ignored))
      throw DataError(str(path, ": no such file or folder"), "check the path given to --images");
    const bool file = fs::is_regular_file(path, ignored) && fs::path(path).extension() != ".tar";
    list->append(file ? std::make_unique<ImageFile>(path) : open_dataset({path}, /*labels_wanted=*/false));
  }
  return list;
}

}  // namespace luvit
