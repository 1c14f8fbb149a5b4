#include "luvit/eval/evaluated_run.h"

#include <nlohmann/json.hpp>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/io/csv.h"
#include "luvit/io/json_text.h"

namespace luvit {
namespace {

using Json = nlohmann::ordered_json;

const char* const file_hint = "expected a luvit_eval output folder or its results.json";

[[noreturn]] void wrong(const std::string& place, const std::string& expected) {
  throw DataError(str(place, ": expected ", expected), file_hint);
}

// Settings and counts, which say nothing of a model.
bool is_no_metric(const std::string& key) {
  for (const char* name : {"n", "n_used", "n_foreground", "k", "temperature", "threshold", "best_threshold", "skipped",
                           "seconds", "images_per_second"})
    if (key == name) return true;
  return false;
}

bool is_pair(const Json& value) {
  return value.is_array() && value.size() == 2 && value[0].is_number() && value[1].is_number();
}

void collect_metrics(const Json& object, const std::string& prefix, EvaluatedSuite& suite) {
  for (const auto& [key, value] : object.items()) {
    if (value.is_object() && key != "preprocess") {
      collect_metrics(value, prefix + key + ".", suite);
    } else if (value.is_number() && !is_no_metric(key)) {
      suite.metrics.emplace_back(prefix + key, value.get<double>());
    } else if (constexpr std::string_view end = "_interval95"; key.ends_with(end) && is_pair(value)) {
      suite.intervals[prefix + key.substr(0, key.size() - end.size())] = {value[0], value[1]};
    }
  }
}

std::string text_of(const Json& object, const char* key, const std::string& place) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return "";
  if (!found->is_string()) wrong(str(place, ".", key), "a string");
  return found->get<std::string>();
}

std::string kind_of(const Json& suite, const std::string& place) {
  const std::string kind = text_of(suite, "kind", place);
  if (!kind.empty()) return kind;
  if (suite.contains("cells") || suite.contains("acc19") || suite.contains("acc15")) return "imagenet_c";
  if (suite.contains("mixed_same")) return "imagenet9";
  if (suite.contains("entropy") && suite.contains("iou")) return "imagenet_s";
  return "";
}

std::optional<Interval> interval_of(const Json& suite, const std::string& place) {
  const auto found = suite.find("interval95");
  if (found == suite.end() || found->is_null()) return std::nullopt;
  if (!found->is_array() || found->size() != 2 || !found->at(0).is_number() || !found->at(1).is_number())
    wrong(place + ".interval95", "a list of two numbers");
  return Interval{found->at(0), found->at(1)};
}

EvaluatedSuite suite_of(const std::string& name, const Json& json, const std::string& file) {
  const std::string place = str(file, ": suites.", escape(name));
  if (!json.is_object()) wrong(place, "an object");
  EvaluatedSuite suite;
  suite.name = name;
  suite.kind = kind_of(json, place);
  suite.data = text_of(json, "data", place);
  const auto generated = json.find("generated");
  if (generated != json.end() && !generated->is_boolean()) wrong(place + ".generated", "true or false");
  suite.generated = generated != json.end() && generated->get<bool>();
  const auto n = json.find("n");
  if (n != json.end() && !n->is_number_integer()) wrong(place + ".n", "an integer");
  if (n != json.end()) suite.n = n->get<std::int64_t>();
  suite.interval95 = interval_of(json, place);
  collect_metrics(json, "", suite);
  return suite;
}

// What only the run's provenance tells of a suite. Files of others have none.
void add_provenance(EvaluatedSuite& suite, const Json& provenance) {
  const Json* at = &provenance;
  for (const std::string& key : {std::string("config"), std::string("suites"), suite.name}) {
    if (!at->is_object() || !at->contains(key)) return;
    at = &(*at)[key];
  }
  const Json& own = *at;
  if (!own.is_object()) return;
  if (own.contains("preprocess")) suite.preprocess = own["preprocess"].dump();
  if (const auto every = own.find("every"); every != own.end() && every->is_number_integer())
    suite.incomplete.push_back(str("one image in ", every->get<std::int64_t>()));
  if (const auto warnings = own.find("warnings"); warnings != own.end() && warnings->is_array())
    for (const Json& warning : *warnings)
      if (warning.is_string()) suite.incomplete.push_back(warning.get<std::string>());
}

}  // namespace

EvaluatedRun read_evaluation(const fs::path& path) {
  EvaluatedRun run;
  run.file = is_folder(path) ? path / "results.json" : path;
  if (!path_exists(run.file)) throw DataError(str(run.file.string(), ": not found"), file_hint);
  const std::string file = run.file.string(), text = read_file(run.file);
  require_sound_json(text, file);
  const Json json = Json::parse(text);
  if (!json.is_object() || !json.contains("suites") || !json["suites"].is_object())
    wrong(file, "an object with \"suites\"");
  for (const auto& [name, suite] : json["suites"].items()) run.suites.push_back(suite_of(name, suite, file));
  const Json provenance = json.value("provenance", Json::object());
  if (!provenance.is_object()) wrong(file + ": provenance", "an object");
  for (EvaluatedSuite& suite : run.suites) add_provenance(suite, provenance);
  run.weights_sha256 = text_of(provenance, "weights_sha256", file + ": provenance");
  run.provenance = provenance.dump();
  return run;
}

std::optional<double> EvaluatedSuite::metric(const std::string& key) const {
  for (const auto& [metric_key, value] : metrics)
    if (metric_key == key) return value;
  return std::nullopt;
}

const EvaluatedSuite* EvaluatedRun::suite(const std::string& wanted) const {
  for (const EvaluatedSuite& one : suites)
    if (one.name == wanted) return &one;
  return nullptr;
}

std::string EvaluatedRun::name() const {
  const fs::path folder = fs::absolute(file).lexically_normal().parent_path();
  return folder.filename().string();
}

fs::path EvaluatedRun::predictions(const EvaluatedSuite& suite) const {
  return file.parent_path() / "predictions" / (suite.name + ".csv");
}

fs::path EvaluatedRun::analysis(const EvaluatedSuite& suite) const {
  return file.parent_path() / "analysis" / (suite.name + ".csv");
}

void require_same_kind(const EvaluatedRun& run_a, const EvaluatedSuite& a, const EvaluatedRun& run_b,
                       const EvaluatedSuite& b) {
  if (a.kind == b.kind && a.generated == b.generated) return;
  throw DataError(str("suite ", escape(a.name), " is ", spoken_name(a.kind, a.generated), " in ", run_a.file.string(),
                      " and ", spoken_name(b.kind, b.generated), " in ", run_b.file.string()),
                  "suites are matched by name: give the same thing the same name in both configs");
}

std::string spoken_name(const std::string& suite, bool generated) {
  return escape(suite) + (generated ? " (generated)" : "");
}

PredictionReader::PredictionReader(const fs::path& path) : reader_(std::make_unique<CsvReader>(path)) {
  path_ = reader_->column("path");
  label_ = reader_->column("label");
  choice_ = reader_->column("pred1");
  confidence_ = reader_->column("confidence");
}

PredictionReader::~PredictionReader() = default;

bool PredictionReader::next(PredictionLine& line) {
  if (!reader_->next()) return false;
  line = {(*reader_)[path_], reader_->integer(label_), reader_->integer(choice_), reader_->real(confidence_)};
  return true;
}

}  // namespace luvit
