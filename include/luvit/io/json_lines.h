#pragma once
#include <memory>
#include <string_view>

#include "luvit/core/files.h"

namespace luvit {

// A file of JSON objects, one a line (metrics.jsonl, bad_files.jsonl). Each line is written whole by one write, so
// that a kill tears at most the last; opening the file cuts such a line off.
class JsonLines {
 public:
  explicit JsonLines(const fs::path& path);  // appends to what is there; RunError if it cannot be opened
  ~JsonLines();
  // `object` is JSON without a line break in it. RunError if it cannot be written.
  void write(std::string_view object);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace luvit
