#include "luvit/core/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "luvit/core/text.h"
#include "system_error.h"

namespace luvit {

InputFile::InputFile(const fs::path& path) : path_(path.string()) {
  // O_NONBLOCK: a named pipe is refused below instead of waited for.
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor_ < 0) throw read_error(path, errno);
  struct stat status {};
  const int error = ::fstat(descriptor_, &status) == 0 ? 0 : errno;
  if (error == 0 && S_ISREG(status.st_mode)) {
    size_ = static_cast<std::uint64_t>(status.st_size);
    modified_ns_ = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
    return;
  }
  ::close(descriptor_);
  if (error != 0) throw read_error(path, error);
  throw DataError(str("cannot read ", escape(path_), ": it is ",
                      S_ISDIR(status.st_mode) ? "a folder" : "not a regular file", ", expected a file"));
}

InputFile::~InputFile() {
  ::close(descriptor_);
}

void InputFile::read_at(std::uint64_t offset, void* out, std::uint64_t bytes) const {
  if (offset > size_ || bytes > size_ - offset)
    throw DataError(str(escape(path_), " ends at byte ", size_, "; expected ", bytes, " bytes at ", offset));
  char* next = static_cast<char*>(out);
  while (bytes > 0) {
    const ssize_t n = ::pread(descriptor_, next, bytes, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw read_error(path_, errno);
    if (n == 0) throw DataError(str(escape(path_), " became shorter while it was read"));
    next += n;
    offset += static_cast<std::uint64_t>(n);
    bytes -= static_cast<std::uint64_t>(n);
  }
}

}  // namespace luvit
