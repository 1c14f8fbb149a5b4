#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace luvit {

namespace fs = std::filesystem;

// The operations that durability depends on, behind one interface so that a test can make each of them fail.
// Every call throws RunError naming the path and the system's reason ("disk full", …).
class FileLayer {
 public:
  class Handle {
   public:
    virtual ~Handle() = default;  // closes; a file not synced may be lost
    virtual void write(const void* data, std::size_t bytes) = 0;
    virtual void sync() = 0;
    virtual void close() = 0;
  };
  virtual ~FileLayer() = default;
  virtual std::unique_ptr<Handle> create(const fs::path& path);
  virtual void rename(const fs::path& from, const fs::path& to);      // replaces an existing file
  virtual void exchange(const fs::path& one, const fs::path& other);  // swaps two names, in one step where possible
  virtual void sync_folder(const fs::path& folder);
  virtual void make_folder(const fs::path& folder);  // and those above it
  virtual void remove_all(const fs::path& path);
};

// The layer in use; tests install their own for a scope.
FileLayer& file_layer();
FileLayer* install_file_layer(FileLayer* layer);  // returns the one before; nullptr: the real one

// Writes a file so that after any crash there is the old one or the new one, never a part:
// temporary name beside it, write, sync, rename, sync of the folder.
void write_durably(const fs::path& path, std::string_view bytes);
void write_durably(const fs::path& path, const std::function<void(FileLayer::Handle&)>& write);

// The same for a folder: files are written into a temporary one beside it, then it gets its name.
class DurableFolder {
 public:
  explicit DurableFolder(fs::path target);
  ~DurableFolder();  // removes the temporary folder unless committed
  const fs::path& path() const { return temporary_; }
  void write(const std::string& name, const std::function<void(FileLayer::Handle&)>& write);
  void commit();  // replaces a folder of that name

 private:
  fs::path target_, temporary_;
  bool committed_ = false;
};
// The names of temporary files and folders all end in this and no user's do, so that left-overs of a kill can be
// recognised.
inline constexpr std::string_view temporary_suffix = ".luvit-tmp";

// Held by a run on its output folder; a second run is refused with exit 2. Released by the system on any death.
class FolderLock {
 public:
  explicit FolderLock(const fs::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_ = -1;
};

std::string read_file(const fs::path& path);  // DataError if it cannot be read

// What is there, without surprises: "nothing of that name" is an answer; any other reason not to know (no permission,
// a link that leads to itself, …) is a DataError with the path and the reason.
bool path_exists(const fs::path& path);
bool is_folder(const fs::path& path);
std::vector<fs::path> list_folder(const fs::path& folder);  // what is directly in it, sorted

}  // namespace luvit
