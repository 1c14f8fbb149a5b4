#include "luvit/data/dataset.h"

#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "part.h"
#include "source_paths.h"

namespace luvit {
namespace {

// Folders and shards one after another.
class JoinedDataset : public Dataset {
 public:
  JoinedDataset(std::vector<std::unique_ptr<DataPart>> parts, bool labels_wanted) : parts_(std::move(parts)) {
    for (const auto& part : parts_) ends_.push_back(size() + part->size());
    if (labels_wanted) join_classes();
  }

  std::int64_t size() const override { return ends_.empty() ? 0 : ends_.back(); }
  void read(std::int64_t index, std::vector<std::uint8_t>& buffer) const override {
    const auto [part, place] = find(index);
    parts_[part]->read(place, buffer);
  }
  std::int64_t label(std::int64_t index) const override {
    const auto [part, place] = find(index);
    const auto own = parts_[part]->label(place);
    return own < 0 || class_of_.empty() || class_of_[part].empty() ? own
                                                                   : class_of_[part][static_cast<std::size_t>(own)];
  }
  std::string name(std::int64_t index) const override {
    const auto [part, place] = find(index);
    return parts_[part]->name(place);
  }
  const std::vector<std::string>& classes() const override { return classes_; }
  bool numbered() const override { return numbered_; }

 private:
  struct Place {
    std::size_t part;
    std::int64_t place;
  };

  Place find(std::int64_t index) const {
    if (index < 0 || index >= size()) throw std::out_of_range(str("sample ", index, " of ", size()));
    const auto part = static_cast<std::size_t>(std::upper_bound(ends_.begin(), ends_.end(), index) - ends_.begin());
    return {part, index - (part == 0 ? 0 : ends_[part - 1])};
  }

  // The classes of all folders together, sorted; a shard's numbers count in that list. Shards alone have numbers for
  // names.
  void join_classes() {
    for (const auto& part : parts_) {
      if (const auto* names = part->class_names()) classes_.insert(classes_.end(), names->begin(), names->end());
    }
    std::sort(classes_.begin(), classes_.end());
    classes_.erase(std::unique(classes_.begin(), classes_.end()), classes_.end());
    const auto named = static_cast<std::int64_t>(classes_.size());
    numbered_ = named == 0;
    class_of_.resize(parts_.size());
    std::int64_t largest = -1;
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      if (const auto* names = parts_[p]->class_names()) {
        for (const auto& name : *names) {
          class_of_[p].push_back(std::lower_bound(classes_.begin(), classes_.end(), name) - classes_.begin());
        }
        continue;
      }
      for (std::int64_t i = 0; i < parts_[p]->size(); ++i) {
        largest = std::max(largest, parts_[p]->label(i));
        if (named > 0 && parts_[p]->label(i) >= named) {
          throw DataError(str(parts_[p]->name(i), ": class ", parts_[p]->label(i), ", but the folders beside it have ",
                              named, " classes"));
        }
      }
    }
    for (std::int64_t c = 0; named == 0 && c <= largest; ++c) classes_.push_back(std::to_string(c));
  }

  std::vector<std::unique_ptr<DataPart>> parts_;
  std::vector<std::int64_t> ends_;
  std::vector<std::vector<std::int64_t>> class_of_;  // of a folder's class, in classes_; empty for shards
  std::vector<std::string> classes_;
  bool numbered_ = false;
};

std::unique_ptr<DataPart> open_part(const std::string& path, bool labels_wanted) {
  std::error_code failed;
  const auto status = std::filesystem::status(path, failed);
  if (!std::filesystem::exists(status)) {
    throw DataError(str(path, ": no such file or folder"),
                    "expected a folder of images, tar shards (shards-{000..127}.tar) or a list of these");
  }
  return std::filesystem::is_directory(status) ? open_folder(path, labels_wanted) : open_tar(path, labels_wanted);
}

// Opens parts side by side: a thousand shards on a network disk would take minutes one after another.
std::vector<std::unique_ptr<DataPart>> open_parts(const std::vector<std::string>& paths, bool labels_wanted) {
  std::vector<std::unique_ptr<DataPart>> parts(paths.size());
  std::vector<std::exception_ptr> failures(paths.size());
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  const auto work = [&] {
    for (std::size_t i = next++; i < paths.size() && !failed; i = next++) {
      try {
        parts[i] = open_part(paths[i], labels_wanted);
      } catch (...) {
        failures[i] = std::current_exception();
        failed = true;
      }
    }
  };
  std::vector<std::jthread> threads;
  for (std::size_t t = 1; t < std::min<std::size_t>(paths.size(), 8); ++t) threads.emplace_back(work);
  work();
  threads.clear();
  for (const auto& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
  return parts;
}

std::unique_ptr<Dataset> open_sources(const std::vector<std::string>& sources, bool labels_wanted) {
  if (sources.empty()) throw DataError("no source named", "name a folder of images or tar shards");
  std::vector<std::string> paths;
  for (const auto& source : sources) {
    for (auto& path : expand_source(source)) paths.push_back(std::move(path));
  }
  return std::make_unique<JoinedDataset>(open_parts(paths, labels_wanted), labels_wanted);
}

}  // namespace

Image Dataset::image(std::int64_t index, std::vector<std::uint8_t>& buffer) const {
  read(index, buffer);
  return decode(buffer, name(index));
}

std::string path_of_shard_member(const std::string& name) {
  const auto member = name.find(".tar:"), slash = name.rfind('/', member);
  return slash == std::string::npos ? name : name.substr(slash + 1);
}

std::unique_ptr<Dataset> open_dataset(const std::vector<std::string>& sources, bool labels_wanted,
                                      const std::string& key) {
  try {
    return open_sources(sources, labels_wanted);
  } catch (const DataError& error) {
    if (key.empty()) throw;
    std::vector<std::string> lines = error.lines();
    lines.front() = str(key, ": ", lines.front());
    throw DataError(lines, error.hint());
  }
}

}  // namespace luvit
