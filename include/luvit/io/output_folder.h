#pragma once
#include <cstdint>
#include <string>

#include "luvit/core/files.h"

namespace luvit {

// What env.json tells besides versions.
struct RunEnvironment {
  std::string command_line;
  std::string device;
  std::int64_t threads = 0, ranks = 1;
};

// Where a run or an evaluation writes. Made where it does not exist; held by a lock while this lives (UsageError where
// another holds it, or where it cannot be written).
class OutputFolder {
 public:
  explicit OutputFolder(const fs::path& path);
  // This start's config.yaml and env.json; what a kill left half written is removed.
  void begin(const std::string& config_yaml, const RunEnvironment& environment) const;

 private:
  fs::path path_;
  FolderLock lock_;
};

}  // namespace luvit
