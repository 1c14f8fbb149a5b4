#include "file_bytes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {

FileBytes::FileBytes(const std::string& path) : path_(path) {
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor_ < 0) throw DataError(str(path, ": cannot be read: ", std::strerror(errno)));
  struct stat status {};
  const bool known = ::fstat(descriptor_, &status) == 0;
  if (!known || !S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    throw DataError(str(path, ": cannot be read: it is ",
                        known && S_ISDIR(status.st_mode) ? "a folder" : "no regular file", ", expected a file"));
  }
  size_ = status.st_size;
  modified_ns_ = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
}

FileBytes::~FileBytes() {
  ::close(descriptor_);
}

void FileBytes::read(std::int64_t offset, void* to, std::size_t bytes) const {
  auto* out = static_cast<char*>(to);
  while (bytes > 0) {
    const ssize_t got = ::pread(descriptor_, out, bytes, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw DataError(str(path_, ": cannot be read: ", std::strerror(errno)));
    if (got == 0) throw DataError(str(path_, ": cut short: it ends at byte ", offset, ", ", bytes, " more expected"));
    out += got;
    offset += got;
    bytes -= static_cast<std::size_t>(got);
  }
}

}  // namespace luvit
