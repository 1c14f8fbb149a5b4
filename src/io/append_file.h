#pragma once
#include <string>
#include <string_view>

#include "luvit/core/files.h"

namespace luvit {

// A file that grows by whole records: each append is one write to the end, so that a kill leaves at most the last
// record torn, and records of two processes do not mix. RunError when it cannot be written.
class AppendFile {
 public:
  explicit AppendFile(const fs::path& path);  // created where it does not exist
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  void append(std::string_view record);
  // Cuts off what follows the last '\n'.
  void cut_torn_line();

 private:
  [[noreturn]] void fail(const char* doing, int error) const;
  std::string path_;
  int descriptor_ = -1;
};

}  // namespace luvit
