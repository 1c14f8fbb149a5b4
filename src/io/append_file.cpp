#include "append_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {

AppendFile::AppendFile(const fs::path& path) : path_(path.string()) {
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail("open", errno);
}

AppendFile::~AppendFile() {
  ::close(descriptor_);
}

void AppendFile::append(std::string_view record) {
  // One write nearly always takes it all; the loop is for signals and a disk that was full for a moment.
  while (!record.empty()) {
    ssize_t n = ::write(descriptor_, record.data(), record.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("write", errno);
    record.remove_prefix(static_cast<std::size_t>(n));
  }
}

void AppendFile::cut_torn_line() {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) fail("read", errno);
  off_t end = status.st_size, keep = 0;
  char part[4096];
  for (off_t stop = end; stop > 0 && keep == 0;) {
    off_t start = std::max<off_t>(0, stop - static_cast<off_t>(sizeof part));
    ssize_t n = ::pread(descriptor_, part, static_cast<std::size_t>(stop - start), start);
    if (n != stop - start) fail("read", n < 0 ? errno : EIO);
    std::size_t newline = std::string_view(part, static_cast<std::size_t>(n)).rfind('\n');
    if (newline != std::string_view::npos) keep = start + static_cast<off_t>(newline) + 1;
    stop = start;
  }
  if (keep < end && ::ftruncate(descriptor_, keep) != 0) fail("write", errno);
}

void AppendFile::fail(const char* doing, int error) const {
  std::string reason = error == ENOSPC || error == EDQUOT ? "disk full" : std::generic_category().message(error);
  throw RunError(str("cannot ", doing, " ", escape(path_), ": ", reason));
}

}  // namespace luvit
