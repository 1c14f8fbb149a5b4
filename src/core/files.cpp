#include "luvit/core/files.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "system_error.h"

namespace luvit {
namespace {

class RealHandle : public FileLayer::Handle {
 public:
  explicit RealHandle(const fs::path& path) : path_(path) {
    descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (descriptor_ < 0) throw write_error("create", path, errno);
  }
  ~RealHandle() override {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  void write(const void* data, std::size_t bytes) override {
    const char* next = static_cast<const char*>(data);
    while (bytes > 0) {
      ssize_t n = ::write(descriptor_, next, bytes);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) throw write_error("write", path_, errno);
      next += n;
      bytes -= static_cast<std::size_t>(n);
    }
  }

  void sync() override {
    if (::fsync(descriptor_) != 0) throw write_error("write", path_, errno);
  }

  void close() override {
    int descriptor = std::exchange(descriptor_, -1);
    // Network file systems report a full disk here at the earliest.
    if (descriptor >= 0 && ::close(descriptor) != 0 && errno != EINTR) throw write_error("write", path_, errno);
  }

 private:
  fs::path path_;
  int descriptor_ = -1;
};

FileLayer* installed = nullptr;

fs::path parent_of(const fs::path& path) {
  fs::path parent = path.parent_path();
  return parent.empty() ? fs::path(".") : parent;
}

fs::path temporary_name(const fs::path& target) {
  fs::path clean = target.has_filename() ? target : target.parent_path();  // "runs/a/" names runs/a
  return clean += temporary_suffix;
}

// A name for each process: two that write the same file at once (an index in the cache) do not mix their bytes.
fs::path temporary_file_name(const fs::path& target) {
  return fs::path(target).concat(str('.', ::getpid(), temporary_suffix));
}

void remove_quietly(const fs::path& path) {
  try {
    file_layer().remove_all(path);
  } catch (const Error&) {
    // Another error is on its way to the user; what is left behind bears the temporary suffix.
  }
}

}  // namespace

std::unique_ptr<FileLayer::Handle> FileLayer::create(const fs::path& path) {
  return std::make_unique<RealHandle>(path);
}

void FileLayer::rename(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) throw write_error("rename", from, errno);
}

void FileLayer::exchange(const fs::path& one, const fs::path& other) {
  if (::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) == 0) return;
  // Network file systems cannot swap: for a moment nothing has the name `other`.
  if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP) throw write_error("rename", one, errno);
  fs::path aside = fs::path(other).concat(".old").concat(temporary_suffix);
  rename(other, aside);
  rename(one, other);
  rename(aside, one);
}

void FileLayer::sync_folder(const fs::path& folder) {
  int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) throw write_error("open", folder, errno);
  int failed = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  // EINVAL: file systems that have nothing to sync for a folder.
  if (failed != 0 && failed != EINVAL) throw write_error("write", folder, failed);
}

void FileLayer::make_folder(const fs::path& folder) {
  std::error_code ignored;
  if (fs::is_directory(folder, ignored)) return;
  fs::path path = folder.has_filename() ? folder : folder.parent_path();
  if (path.empty()) return;
  make_folder(parent_of(path));
  if (::mkdir(path.c_str(), 0777) != 0 && !(errno == EEXIST && fs::is_directory(path, ignored)))
    throw write_error("create the folder", path, errno);
  sync_folder(parent_of(path));
}

void FileLayer::remove_all(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) throw write_error("remove", path, error.value());
}

FileLayer& file_layer() {
  static FileLayer real;
  return installed ? *installed : real;
}

FileLayer* install_file_layer(FileLayer* layer) {
  return std::exchange(installed, layer);
}

void write_durably(const fs::path& path, std::string_view bytes) {
  write_durably(path, [&](FileLayer::Handle& file) { file.write(bytes.data(), bytes.size()); });
}

void write_durably(const fs::path& path, const std::function<void(FileLayer::Handle&)>& write) {
  FileLayer& layer = file_layer();
  fs::path temporary = temporary_file_name(path);
  try {
    auto file = layer.create(temporary);
    write(*file);
    file->sync();
    file->close();
    layer.rename(temporary, path);
  } catch (...) {
    remove_quietly(temporary);
    throw;
  }
  layer.sync_folder(parent_of(path));
}

DurableFolder::DurableFolder(fs::path target) : target_(std::move(target)), temporary_(temporary_name(target_)) {
  file_layer().remove_all(temporary_);  // of an earlier run that was killed
  file_layer().make_folder(temporary_);
}

DurableFolder::~DurableFolder() {
  if (!committed_) remove_quietly(temporary_);
}

void DurableFolder::write(const std::string& name, const std::function<void(FileLayer::Handle&)>& write) {
  auto file = file_layer().create(temporary_ / name);
  write(*file);
  file->sync();
  file->close();
}

void DurableFolder::commit() {
  FileLayer& layer = file_layer();
  layer.sync_folder(temporary_);
  std::error_code unknown;
  bool replaces = fs::exists(fs::symlink_status(target_, unknown));
  if (replaces) {
    layer.exchange(temporary_, target_);
  } else {
    layer.rename(temporary_, target_);
  }
  committed_ = true;
  layer.sync_folder(parent_of(temporary_));
  if (replaces) layer.remove_all(temporary_);
}

std::string read_file(const fs::path& path) {
  auto fail = [&](int error) { return read_error(path, error); };
  int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw fail(errno);
  std::string bytes;
  struct stat status;
  if (::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode))
    bytes.reserve(static_cast<std::size_t>(status.st_size));
  char part[1 << 16];
  ssize_t n = 0;
  while ((n = ::read(descriptor, part, sizeof part)) > 0 || (n < 0 && errno == EINTR))
    if (n > 0) bytes.append(part, static_cast<std::size_t>(n));
  int error = errno;
  ::close(descriptor);
  if (n < 0) throw fail(error);
  return bytes;
}

}  // namespace luvit
