#include "luvit/io/output_folder.h"

#include <unistd.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "luvit/core/error.h"
#include "luvit/core/machine.h"
#include "luvit/core/text.h"
#include "luvit/core/version.h"

namespace luvit {
namespace {

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string environment_json(const RunEnvironment& environment) {
  nlohmann::ordered_json out;
  out["command_line"] = environment.command_line;
  out["started"] = utc_now();
  out["host"] = host_name();
  const Versions v = versions();
  out["version"] = v.luvit;
  out["git_revision"] = v.revision;
  out["torch"] = v.torch;
  out["cuda"] = v.cuda;
  out["nccl"] = v.nccl;
  out["device"] = environment.device;
  out["threads"] = environment.threads;
  out["ranks"] = environment.ranks;
  return out.dump(2) + "\n";
}

void remove_leftovers(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code ignored;  // what cannot be looked into was not written by a run
  for (fs::recursive_directory_iterator at(folder, ignored), end; at != end; at.increment(ignored))
    if (at->path().filename().string().ends_with(temporary_suffix)) {
      found.push_back(at->path());
      at.disable_recursion_pending();
    }
  for (const fs::path& path : found) file_layer().remove_all(path);
}

}  // namespace

OutputFolder::OutputFolder(const fs::path& path) : path_(path), lock_(path) {
  if (::access(path_.c_str(), W_OK) != 0)
    throw UsageError(str("output folder ", escape(path_.string()), " cannot be written to"),
                     "give a folder that is yours by --output");
}

void OutputFolder::begin(const std::string& config_yaml, const RunEnvironment& environment) const {
  remove_leftovers(path_);
  write_durably(path_ / "config.yaml", config_yaml);
  write_durably(path_ / "env.json", environment_json(environment));
}

}  // namespace luvit
