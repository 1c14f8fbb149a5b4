#include <atomic>

#include "luvit/core/error.h"
#include "luvit/core/input_file.h"
#include "luvit/core/log.h"
#include "luvit/core/text.h"
#include "part.h"
#include "tar_index.h"

namespace luvit {
namespace {

// Shards beyond this many are opened for each read, so that the system's limit on open files is never met.
constexpr int most_open_shards = 512;
std::atomic<int> open_shards{0};

class Tar : public DataPart {
 public:
  Tar(const std::string& path, bool labels_wanted) : path_(path), file_(std::make_unique<InputFile>(path)) {
    file_size_ = file_->size();
    modified_ns_ = file_->modified_ns();
    TarIndex index = cached_tar_index(*file_, path);
    if (index.left_out > 0) {  // said at every start, whether the index was cached or not
      log_warning(str(path, ": ", index.left_out,
                      " members look like images but are links or have two extensions and are left out, first ",
                      escape(index.first_left_out)));
    }
    if (index.images.empty()) {
      throw DataError(
          str(path, ": no image in this archive; found ", index.other_members, " other members"),
          "expected are WebDataset names: KEY.jpg (jpeg png webp bmp tif tiff), KEY.cls where labels are needed");
    }
    for (const auto& image : index.images) {
      if (labels_wanted && image.label < 0) {
        throw DataError(str(path, ":", image.member, ": no class: the archive has no .cls member of this key"),
                        "a shard with labels has KEY.cls, the class as decimal digits, beside each KEY.jpg");
      }
      members_.add(image.member);
      places_.push_back({image.offset, image.size, image.label});
    }
    kept_open_ = open_shards.fetch_add(1) < most_open_shards;
    if (!kept_open_) file_.reset();
  }
  ~Tar() override { open_shards.fetch_sub(1); }

  std::int64_t size() const override { return static_cast<std::int64_t>(places_.size()); }
  std::string name(std::int64_t place) const override {
    return str(path_, ":", members_[static_cast<std::size_t>(place)]);
  }
  std::int64_t label(std::int64_t place) const override { return places_[static_cast<std::size_t>(place)].label; }

  void read(std::int64_t place, std::vector<std::uint8_t>& buffer) const override {
    const auto& [offset, size, label] = places_[static_cast<std::size_t>(place)];
    buffer.resize(static_cast<std::size_t>(size));
    if (kept_open_) return file_->read_at(static_cast<std::uint64_t>(offset), buffer.data(), buffer.size());
    const InputFile file(path_);
    if (file.size() != file_size_ || file.modified_ns() != modified_ns_) {
      throw DataError(str(path_, ": the shard changed while it was in use"), "start again");
    }
    file.read_at(static_cast<std::uint64_t>(offset), buffer.data(), buffer.size());
  }

 private:
  struct Place {
    std::int64_t offset, size, label;
  };
  std::string path_;
  std::unique_ptr<InputFile> file_;
  bool kept_open_ = true;
  std::uint64_t file_size_ = 0;
  std::int64_t modified_ns_ = 0;
  Names members_;
  std::vector<Place> places_;
};

}  // namespace

std::unique_ptr<DataPart> open_tar(const std::string& path, bool labels_wanted) {
  return std::make_unique<Tar>(path, labels_wanted);
}

}  // namespace luvit
