#include "luvit/core/files.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <set>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "temporary_folder.h"

namespace luvit {
namespace {

// A disk whose power goes at the n-th operation: nothing after it happens, and what was written but not synced is
// lost, in the worst order that the system is free to choose: names reach the disk at once, contents only when synced.
class PowerCut : public FileLayer {
 public:
  explicit PowerCut(int last) : left_(last) {}
  int done = 0;

  class Handle : public FileLayer::Handle {
   public:
    Handle(PowerCut& disk, std::unique_ptr<FileLayer::Handle> file) : disk_(disk), file_(std::move(file)) {}
    void write(const void* data, std::size_t bytes) override {
      disk_.spend();
      cached_.append(static_cast<const char*>(data), bytes);
    }
    void sync() override {
      disk_.spend();
      file_->write(cached_.data(), cached_.size());
      cached_.clear();
      file_->sync();
    }
    void close() override {
      disk_.spend();
      file_->close();
    }

   private:
    PowerCut& disk_;
    std::unique_ptr<FileLayer::Handle> file_;
    std::string cached_;
  };

  std::unique_ptr<FileLayer::Handle> create(const fs::path& path) override {
    spend();
    return std::make_unique<Handle>(*this, FileLayer::create(path));
  }
  void rename(const fs::path& from, const fs::path& to) override { spend(), FileLayer::rename(from, to); }
  void exchange(const fs::path& one, const fs::path& other) override { spend(), FileLayer::exchange(one, other); }
  void sync_folder(const fs::path& folder) override { spend(), FileLayer::sync_folder(folder); }
  void make_folder(const fs::path& folder) override { spend(), FileLayer::make_folder(folder); }
  void remove_all(const fs::path& path) override { spend(), FileLayer::remove_all(path); }

 private:
  int left_;
  void spend() {
    if (left_ <= 0) throw RunError("the power is gone");
    --left_, ++done;
  }
};

struct Installed {
  FileLayer* before;
  explicit Installed(FileLayer& layer) : before(install_file_layer(&layer)) {}
  ~Installed() { install_file_layer(before); }
};

void put(FileLayer::Handle& file, const std::string& text) {
  file.write(text.data(), text.size());
}

TEST(WriteDurably, LeavesTheOldOrTheNewAtEveryCut) {
  bool finished = false;
  int steps = 0;
  for (; !finished; ++steps) {
    ASSERT_LT(steps, 100);
    TemporaryFolder folder;
    fs::path path = folder.path() / "state.json";
    write_durably(path, "old");
    PowerCut disk(steps);
    {
      Installed installed(disk);
      try {
        write_durably(path, [](FileLayer::Handle& file) { put(file, "ne"), put(file, "w"); });
        finished = true;
      } catch (const RunError&) {
      }
    }
    std::string now = read_file(path);
    EXPECT_TRUE(now == "new" || (now == "old" && !finished)) << "cut at " << steps << ": " << now;
  }
  EXPECT_EQ(steps - 1, 7);  // create, write, write, sync, close, rename, sync of the folder
}

// The control: the same disk catches a writer that renames what it has not synced.
TEST(WriteDurably, ThePowerCutWouldCatchAMissingSync) {
  TemporaryFolder folder;
  fs::path path = folder.path() / "x";
  write_durably(path, "old");
  PowerCut disk(100);
  auto file = disk.create(folder.path() / "x.tmp");
  put(*file, "new");
  file->close();
  disk.rename(folder.path() / "x.tmp", path);
  EXPECT_EQ(read_file(path), "");
}

TEST(WriteDurably, AFailureRemovesTheTemporaryFile) {
  TemporaryFolder folder;
  auto fail = [](FileLayer::Handle& file) {
    put(file, "half");
    throw DataError("no more");
  };
  EXPECT_THROW(write_durably(folder.path() / "x", fail), DataError);
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

std::map<std::string, std::string> contents(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(folder)) files[entry.path().filename()] = read_file(entry.path());
  return files;
}

void write_checkpoint(const fs::path& target, const std::string& text) {
  DurableFolder folder(target);
  for (const char* name : {"model", "state"})
    folder.write(name, [&](FileLayer::Handle& file) { put(file, text), put(file, name); });
  folder.commit();
}

void cut_at_every_step(bool replacing) {
  const std::map<std::string, std::string> before = {{"model", "oldmodel"}, {"state", "oldstate"}};
  const std::map<std::string, std::string> after = {{"model", "newmodel"}, {"state", "newstate"}};
  bool finished = false;
  for (int steps = 0; !finished; ++steps) {
    ASSERT_LT(steps, 100);
    TemporaryFolder folder;
    fs::path target = folder.path() / "step-1";
    if (replacing) write_checkpoint(target, "old");
    PowerCut disk(steps);
    {
      Installed installed(disk);
      try {
        write_checkpoint(target, "new");
        finished = true;
      } catch (const RunError&) {
      }
    }
    bool exists = fs::exists(target);
    EXPECT_TRUE(exists || !replacing) << steps;
    EXPECT_TRUE(!exists || contents(target) == after || (replacing && contents(target) == before)) << steps;
    auto names = std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator());
    EXPECT_TRUE(!finished || names == 1) << steps;
    // Whatever was left behind is recognised by its name, and the next try succeeds.
    for (const auto& entry : fs::directory_iterator(folder.path()))
      EXPECT_TRUE(entry.path() == target || entry.path().string().ends_with(temporary_suffix)) << entry.path();
    write_checkpoint(target, "new");
    EXPECT_EQ(contents(target), after);
  }
}

TEST(DurableFolder, IsWholeOrAbsentAtEveryCut) {
  cut_at_every_step(/*replacing=*/false);
}
TEST(DurableFolder, ReplacesInOneStep) {
  cut_at_every_step(/*replacing=*/true);
}

TEST(DurableFolder, WithoutCommitLeavesNothing) {
  TemporaryFolder folder;
  {
    DurableFolder unfinished(folder.path() / "a/b");
    unfinished.write("x", [](FileLayer::Handle& file) { put(file, "y"); });
  }
  EXPECT_TRUE(fs::is_empty(folder.path() / "a"));
}

std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return str(static_cast<int>(error.exit()), " ", error.what());
  }
  return "no error";
}

TEST(Files, MessagesNamePathAndReason) {
  TemporaryFolder folder;
  fs::create_directory(folder.path() / "sub");
  EXPECT_EQ(message_of([] {
              auto file = file_layer().create("/dev/full");
              put(*file, "x");
            }),
            "1 cannot write /dev/full: disk full");
  EXPECT_EQ(message_of([&] { read_file(folder.path() / "none"); }),
            "3 cannot read " + (folder.path() / "none").string() + ": no such file or directory");
  EXPECT_EQ(message_of([&] { read_file(folder.path() / "sub"); }),
            "3 cannot read " + (folder.path() / "sub").string() + ": it is a folder");
  EXPECT_EQ(message_of([&] { write_durably(folder.path() / "no/x", "y"); }),
            "1 cannot create " + (folder.path() / str("no/x.", ::getpid(), ".luvit-tmp")).string() +
                ": no such file or directory");
}

TEST(Files, ReadsWhatWasWritten) {
  TemporaryFolder folder;
  std::string bytes(300000, 'a');
  bytes[1000] = '\0';
  write_durably(folder.path() / "x", bytes);
  EXPECT_EQ(read_file(folder.path() / "x"), bytes);
  EXPECT_EQ(read_file("/proc/self/comm").back(), '\n');  // no size known beforehand
}

TEST(FolderLock, RefusesASecondHolder) {
  TemporaryFolder folder;
  fs::path run = folder.path() / "runs/a";
  {
    FolderLock lock(run);
    std::string message = message_of([&] { FolderLock second(run); });
    EXPECT_NE(message.find("2 output folder " + run.string() + " is in use by another run"), std::string::npos);
    EXPECT_NE(message.find(str("process ", ::getpid())), std::string::npos) << message;
  }
  FolderLock again(run);
}

TEST(FolderLock, IsReleasedByAKill) {
  TemporaryFolder folder;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  pid_t child = ::fork();
  if (child == 0) {
    FolderLock lock(folder.path());
    [[maybe_unused]] auto n = ::write(ready[1], "x", 1);
    ::pause();
  }
  char byte;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_THROW(FolderLock(folder.path()), UsageError);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  FolderLock lock(folder.path());
}

TEST(FolderLock, AFolderThatCannotBeWrittenIsAWrongOption) {
  EXPECT_EQ(message_of([] { FolderLock lock("/proc/luvit"); }),
            "2 output folder /proc/luvit cannot be written to: no such file or directory");
  TemporaryFolder folder;
  write_durably(folder.path() / "file", "x");
  EXPECT_EQ(message_of([&] { FolderLock lock(folder.path() / "file"); }).substr(0, 15), "2 output folder");
}

TEST(WriteDurably, LeavesTheUsersFilesOfSimilarNamesAlone) {
  TemporaryFolder folder;
  write_durably(folder.path() / "x.tmp", "mine");
  write_durably(folder.path() / "x", "new");
  write_durably(folder.path() / "y.tmp", "mine");
  { DurableFolder other(folder.path() / "y"); }
  EXPECT_EQ(read_file(folder.path() / "y.tmp"), "mine");
  EXPECT_EQ(read_file(folder.path() / "x.tmp"), "mine");
}

TEST(FolderContent, KnowsWhatIsThere) {
  TemporaryFolder folder;
  write_durably(folder.path() / "b", "");
  fs::create_directory(folder.path() / "a");
  EXPECT_TRUE(path_exists(folder.path() / "b") && path_exists(folder.path() / "a"));
  EXPECT_FALSE(path_exists(folder.path() / "c") || path_exists(folder.path() / "b/c"));
  EXPECT_TRUE(is_folder(folder.path() / "a"));
  EXPECT_FALSE(is_folder(folder.path() / "b") || is_folder(folder.path() / "c"));
  EXPECT_EQ(list_folder(folder.path()), (std::vector<fs::path>{folder.path() / "a", folder.path() / "b"}));
}

TEST(FolderContent, ALinkToItselfIsADataError) {
  TemporaryFolder folder;
  const fs::path loop = folder.path() / "loop";
  fs::create_symlink(loop, loop);
  const std::string said = "3 cannot read " + loop.string() + ": too many levels of symbolic links";
  EXPECT_EQ(message_of([&] { path_exists(loop); }), said);
  EXPECT_EQ(message_of([&] { is_folder(loop); }), said);
  EXPECT_EQ(message_of([&] { list_folder(loop); }), said);
  EXPECT_EQ(message_of([&] { list_folder(folder.path() / "none"); }),
            "3 cannot read " + (folder.path() / "none").string() + ": no such file or directory");
}

}  // namespace
}  // namespace luvit
