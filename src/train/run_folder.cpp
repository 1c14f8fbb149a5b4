#include "luvit/train/run_folder.h"

#include <torch/version.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>

#include "luvit/core/error.h"
#include "luvit/core/log.h"
#include "luvit/core/text.h"
#include "luvit/core/version.h"

namespace luvit {

namespace {

void make_writable(const fs::path& path) {
  std::error_code failed;
  fs::create_directories(path, failed);
  if (failed || !fs::is_directory(path))
    throw UsageError(str("--output ", path.string(),
                         ": cannot be made a folder: ", failed ? failed.message() : "a file of that name exists"),
                     "choose another --output");
  if (::access(path.c_str(), W_OK) != 0)
    throw UsageError(str("--output ", path.string(), ": not writable"),
                     "choose another --output, or mount it for writing");
}

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string environment_json(const Environment& environment) {
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

}  // namespace

RunFolder::RunFolder(const fs::path& path) : path_(path), checkpoints_(path) {
  make_writable(path_);
  lock_ = std::make_unique<FolderLock>(path_);
}

void RunFolder::open(const std::string& config_yaml, const Environment& environment) {
  write_durably(path_ / "config.yaml", config_yaml);
  write_durably(path_ / "env.json", environment_json(environment));
  log_to_file(path_ / "train.log");
  metrics_ = std::make_unique<JsonLines>(path_ / "metrics.jsonl");
  events_ = std::make_unique<TensorBoardWriter>(path_);
  const fs::path bad = path_ / "bad_files.jsonl";
  if (!fs::exists(bad)) return;
  std::ifstream lines(bad);
  for (std::string line; std::getline(lines, line);) {
    const auto record = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (record.is_object() && record.contains("path")) bad_names_.insert(record["path"].get<std::string>());
  }
}

void RunFolder::metric(const std::string& json_object) {
  metrics_->write(json_object);
}

void RunFolder::bad_file(const BadFile& file) {
  if (!bad_names_.insert(file.name).second) return;
  log_warning(str("unreadable image, replaced: ", escape(file.name), ": ", escape(file.reason)));
  if (!bad_files_) bad_files_ = std::make_unique<JsonLines>(path_ / "bad_files.jsonl");
  bad_files_->write(str("{\"path\":", json_quote(file.name), ",\"index\":", file.index,
                        ",\"epoch\":", exact(file.epoch), ",\"error\":", json_quote(file.reason), "}"));
}

}  // namespace luvit
