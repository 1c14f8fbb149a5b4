#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "luvit/data/dataset.h"

namespace luvit {

// Many names in one allocation: 14 million file names would otherwise cost a gigabyte of small strings.
class Names {
 public:
  void add(std::string_view name) {
    text_.append(name);
    ends_.push_back(text_.size());
  }
  std::string_view operator[](std::size_t i) const {
    const std::uint64_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(text_).substr(begin, ends_[i] - begin);
  }
  std::size_t size() const { return ends_.size(); }

 private:
  std::string text_;
  std::vector<std::uint64_t> ends_;
};

// One folder or one tar shard of a data set. Places count from 0 within it.
class DataPart {
 public:
  virtual ~DataPart() = default;
  virtual std::int64_t size() const = 0;
  virtual void read(std::int64_t place, std::vector<std::uint8_t>& buffer) const = 0;
  virtual std::string name(std::int64_t place) const = 0;
  // A class by its name (folders) or by its number (tars' .cls); both absent: no label.
  virtual std::int64_t label(std::int64_t place) const = 0;                        // -1: none
  virtual const std::vector<std::string>* class_names() const { return nullptr; }  // of folders; label indexes it
};

// Every image below `root`, in the byte order of relative paths.
std::unique_ptr<DataPart> open_folder(const std::string& root, bool labels_wanted);
// Every image of a tar shard, in the archive's order. Its index comes from the cache where that is still true.
std::unique_ptr<DataPart> open_tar(const std::string& path, bool labels_wanted);

}  // namespace luvit
