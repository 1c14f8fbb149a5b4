#pragma once
#include <cstdint>
#include <string>

#include "luvit/core/files.h"

namespace luvit {

// A regular file read at given places, from any thread. pread rather than a memory map: what is read goes straight to
// where it is wanted, and a file that shrinks meanwhile is an error, not a SIGBUS. Any failure is a DataError with the
// path and the system's reason.
class InputFile {
 public:
  explicit InputFile(const fs::path& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  std::uint64_t size() const { return size_; }
  std::int64_t modified_ns() const { return modified_ns_; }  // since 1970
  const std::string& path() const { return path_; }
  // Exactly `bytes` bytes; the file being shorter is an error.
  void read_at(std::uint64_t offset, void* out, std::uint64_t bytes) const;

 private:
  std::string path_;
  std::uint64_t size_ = 0;
  std::int64_t modified_ns_ = 0;
  int descriptor_ = -1;
};

}  // namespace luvit
