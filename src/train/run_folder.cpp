#include "luvit/train/run_folder.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "luvit/core/error.h"
#include "luvit/core/log.h"
#include "luvit/core/text.h"

namespace luvit {

namespace {

void for_each_record(const fs::path& path, const std::function<void(const nlohmann::json&)>& visit) {
  std::ifstream lines(path);
  for (std::string line; std::getline(lines, line);) {
    const auto record = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (record.is_object()) visit(record);
  }
}

}  // namespace

RunFolder::RunFolder(const fs::path& path, std::int64_t rank) : path_(path), rank_(rank), checkpoints_(path) {
  if (!writes()) return;
  folder_ = std::make_unique<OutputFolder>(path_);
}

void RunFolder::open(const std::string& config_yaml, const RunEnvironment& environment) {
  if (writes()) folder_->begin(config_yaml, environment);
  file_layer().make_folder(path_);
  log_to_file(path_ / (writes() ? "train.log" : str("train.rank-", rank_, ".log")));
  if (!writes()) return;
  read_what_is_there();
  metrics_ = std::make_unique<JsonLines>(path_ / "metrics.jsonl");
  events_ = std::make_unique<TensorBoardWriter>(path_);
}

void RunFolder::read_what_is_there() {
  for_each_record(path_ / "bad_files.jsonl", [this](const nlohmann::json& record) {
    if (record.contains("path") && record["path"].is_string()) bad_names_.insert(record["path"].get<std::string>());
    if (record.contains("index") && record["index"].is_number_integer()) bad_places_.push_back(record["index"]);
  });
  for_each_record(path_ / "metrics.jsonl", [this](const nlohmann::json& record) {
    if (record.value("kind", "") != "eval" || !record.contains("step") || !record["step"].is_number_integer()) return;
    auto& figures = evaluations_[record["step"].get<std::int64_t>()];
    for (const auto& [name, value] : record.items())
      if (value.is_number()) figures[name] = value.get<double>();
  });
}

std::map<std::int64_t, double> RunFolder::evaluations(const std::string& figure) const {
  std::map<std::int64_t, double> values;
  for (const auto& [step, figures] : evaluations_)
    if (const auto found = figures.find(figure); found != figures.end()) values[step] = found->second;
  return values;
}

void RunFolder::metric(const std::string& json_object) {
  if (writes()) metrics_->write(json_object);
}

void RunFolder::scalar(const std::string& tag, std::int64_t step, double value) {
  if (writes()) events_->scalar(tag, step, value);
}

void RunFolder::picture(const std::string& tag, std::int64_t step, const Image& image) {
  if (!writes()) return;
  char name[48];
  std::snprintf(name, sizeof name, "step-%08lld.png", static_cast<long long>(step));
  const fs::path folder = path_ / (tag + "s");
  const std::string png = encode_png(image);
  file_layer().make_folder(folder);
  write_durably(folder / name, png);
  events_->png(tag, step, static_cast<int>(image.height), static_cast<int>(image.width), png);
}

void RunFolder::bad_file(const BadFile& file) {
  if (!writes() || !bad_names_.insert(file.name).second) return;
  if (!bad_files_) bad_files_ = std::make_unique<JsonLines>(path_ / "bad_files.jsonl");
  bad_files_->write(str("{\"path\":", json_quote(file.name), ",\"index\":", file.index,
                        ",\"epoch\":", exact(file.epoch), ",\"error\":", json_quote(file.reason), "}"));
}

}  // namespace luvit
