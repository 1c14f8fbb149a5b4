#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "luvit/core/error.h"
#include "luvit/core/files.h"
#include "luvit/core/log.h"
#include "luvit/core/machine.h"
#include "luvit/core/text.h"
#include "system_error.h"

namespace luvit {
namespace {

const char* const lock_name = ".lock";

UsageError not_writable(const fs::path& folder, const std::string& reason) {
  return UsageError(str("output folder ", escape(folder.string()), " cannot be written to: ", reason),
                    "give a folder that is yours by --output");
}

bool is_full(int error) {
  return error == ENOSPC || error == EDQUOT;
}

// Who holds the lock, as the holder wrote it: a courtesy for the message only.
std::string holder(int descriptor) {
  char text[128];
  ssize_t n = ::pread(descriptor, text, sizeof text, 0);
  return n > 0 ? str(" (", escape(std::string_view(text, static_cast<std::size_t>(n))), ")") : "";
}

void write_holder(int descriptor) {
  std::string text = str("process ", ::getpid(), " on ", host_name());
  if (::ftruncate(descriptor, 0) == 0) {
    [[maybe_unused]] auto written = ::pwrite(descriptor, text.data(), text.size(), 0);
  }
}

}  // namespace

FolderLock::FolderLock(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error && is_full(error.value())) throw write_error("create the folder", folder, error.value());
  if (error) throw not_writable(folder, system_reason(error.value()));
  fs::path path = folder / lock_name;
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0 && is_full(errno)) throw write_error("create", path, errno);
  if (descriptor_ < 0) throw not_writable(folder, system_reason(errno));
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    int reason = errno;
    std::string who = holder(descriptor_);
    if (reason == EWOULDBLOCK) {
      ::close(descriptor_);
      throw UsageError(str("output folder ", escape(folder.string()), " is in use by another run", who),
                       "wait for that run to end, or give another folder by --output");
    }
    // Some cluster file systems are mounted without locks; refusing to train there would help nobody.
    log_warning(str("output folder ", escape(folder.string()), " cannot be locked: ", system_reason(reason),
                    "; nothing keeps a second run away from it"));
    return;
  }
  write_holder(descriptor_);
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace luvit
