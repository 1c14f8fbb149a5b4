#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace luvit {

// A file open for reading. Any failure is a DataError with the path and the system's reason.
class FileBytes {
 public:
  explicit FileBytes(const std::string& path);  // regular files only: a pipe named .jpg must not block us
  ~FileBytes();
  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;

  std::int64_t size() const { return size_; }
  std::int64_t modified_ns() const { return modified_ns_; }
  // Exactly `bytes` bytes from `offset`; the file being shorter is an error. Safe from several threads.
  void read(std::int64_t offset, void* to, std::size_t bytes) const;

 private:
  std::string path_;
  int descriptor_ = -1;
  std::int64_t size_ = 0, modified_ns_ = 0;
};

}  // namespace luvit
