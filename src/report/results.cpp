#include "results.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/io/json_text.h"

namespace luvit {
namespace {

using Json = nlohmann::ordered_json;

// A value with where it stands, for messages.
struct Node {
  const Json& value;
  std::string place;

  [[noreturn]] void fail(const std::string& expected) const {
    throw DataError(str(place, " is ", escape(value.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 60)),
                        "; expected ", expected),
                    "the file is written by luvit_eval: run it again, or take the file from a whole run folder");
  }
  Node at(const std::string& key) const {
    if (!value.contains(key)) throw DataError(str(place, " has no ", key));
    return {value[key], str(place, '.', escape(key))};
  }
  const Json& object() const {
    if (!value.is_object()) fail("an object");
    return value;
  }
  std::string text() const {
    if (!value.is_string()) fail("a text");
    return value.get<std::string>();
  }
  double number() const {
    if (!value.is_number()) fail("a number");
    return value.get<double>();
  }
  std::vector<double> numbers() const {
    if (!value.is_array()) fail("a list of numbers");
    std::vector<double> all;
    for (const Json& item : value) all.push_back(Node{item, place}.number());
    return all;
  }
  std::vector<std::int64_t> integers() const {
    std::vector<std::int64_t> all;
    for (double number : numbers()) {
      if (number != std::floor(number) || std::abs(number) > 1e9) fail("a list of whole numbers");
      all.push_back(static_cast<std::int64_t>(number));
    }
    return all;
  }
  // A share, or null where it was not measured.
  std::vector<double> shares(std::size_t count) const {
    if (!value.is_array() || value.size() != count) fail(str(count, " numbers"));
    std::vector<double> all;
    for (const Json& item : value) {
      const Node node{item, place};
      all.push_back(item.is_null() ? std::nan("") : node.number());
      if (all.back() < 0 || all.back() > 1) node.fail("a share between 0 and 1");
    }
    return all;
  }
};

std::string plain_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_array() && value.empty()) return "none";
  if (value.is_array() && std::all_of(value.begin(), value.end(), [](const Json& item) { return item.is_string(); })) {
    std::vector<std::string> lines;
    for (const Json& item : value) lines.push_back(item.get<std::string>());
    return join(lines, "; ");
  }
  if (value.is_array() && value.size() > 8) return str(value.size(), " values");
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void read_cells(SuiteResult& suite, const Node& node) {
  for (const auto& [corruption, values] : node.object().items())
    suite.cells.emplace_back(corruption, Node{values, str(node.place, '.', escape(corruption))}.shares(5));
}

void read_reliability(SuiteResult& suite, const Node& node) {
  node.object();
  ReliabilityBins bins{node.at("n").numbers(), {}, {}};
  if (bins.n.empty()) node.at("n").fail("at least one bin");
  bins.accuracy = node.at("accuracy").shares(bins.n.size());
  bins.confidence = node.at("confidence").shares(bins.n.size());
  for (double n : bins.n)
    if (n < 0) node.at("n").fail("numbers of images");
  suite.reliability = std::move(bins);
}

void read_classes(SuiteResult& suite, const Node& node) {
  node.object();
  const auto label = node.at("label").integers(), n = node.at("n").integers(), correct = node.at("correct").integers();
  if (n.size() != label.size() || correct.size() != label.size())
    throw DataError(str(node.place, ": ", label.size(), " labels, ", n.size(), " n, ", correct.size(),
                        " correct; expected as many of each"));
  for (std::size_t i = 0; i < label.size(); ++i) {
    if (n[i] < 1 || correct[i] < 0 || correct[i] > n[i])
      throw DataError(str(node.place, ": ", correct[i], " of ", n[i], " correct for label ", label[i]));
    suite.classes.push_back({label[i], n[i], correct[i]});
  }
}

void read_interval(SuiteResult& suite, const Node& node) {
  const auto ends = node.shares(2);
  suite.interval = Interval{ends[0], ends[1]};
}

// Numbers, and null for those that were not measured.
std::optional<std::vector<double>> list_of(const Json& value) {
  if (!value.is_array() || value.empty()) return std::nullopt;
  std::vector<double> list;
  for (const Json& item : value) {
    if (!item.is_number() && !item.is_null()) return std::nullopt;
    list.push_back(item.is_null() ? std::nan("") : item.get<double>());
  }
  return list;
}

// Numbers into `figures`, objects opened, the rest into `notes`.
void read_other(SuiteResult& suite, const std::string& key, const Json& value) {
  if (value.is_object()) {
    for (const auto& [inner, inner_value] : value.items()) read_other(suite, str(key, '.', inner), inner_value);
  } else if (value.is_number()) {
    suite.figures[key] = value.get<double>();
  } else if (const auto list = list_of(value)) {
    suite.lists[key] = *list;
    if (suite.kind != "imagenet_s") suite.notes.emplace_back(key, plain_text(value));
  } else if (!value.is_null() && !(suite.kind == "imagenet_s" && value.is_array())) {
    suite.notes.emplace_back(key, plain_text(value));
  }
}

SuiteResult read_suite(const std::string& name, const Node& node) {
  SuiteResult suite{.name = name};
  for (const auto& [key, value] : node.object().items()) {
    const Node here{value, str(node.place, '.', escape(key))};
    if (key == "kind") {
      suite.kind = here.text();
    } else if (key == "data") {
      suite.data = here.text();
    } else if (key == "generated") {
      if (!value.is_boolean()) here.fail("true or false");
      suite.generated = value.get<bool>();
    } else if (key == "interval95" && !value.is_null()) {
      read_interval(suite, here);
    } else if (key == "cells") {
      read_cells(suite, here);
    } else if (key == "reliability") {
      read_reliability(suite, here);
    } else if (key == "per_class") {
      read_classes(suite, here);
    } else if (key == "preprocess") {  // settings, not figures
      suite.notes.emplace_back(key, plain_text(value));
    } else {
      read_other(suite, key, value);
    }
  }
  if (const auto n = suite.figure("n"); n && !(*n >= 0 && *n <= 1e12 && *n == std::floor(*n)))
    node.at("n").fail("a number of images");
  for (const char* share : {"top1", "top5", "ece", "top1_all", "acc19", "acc15"}) {
    const auto value = suite.figure(share);
    if (value && !(*value >= 0 && *value <= 1)) node.at(share).fail("a share between 0 and 1");
  }
  return suite;
}

// "crop 224, interpolation bicubic, mean [0.5,0.5,0.5]"; an object within in brackets.
std::string summary(const Json& value) {
  if (value.is_null()) return "none";
  if (!value.is_object()) return plain_text(value);
  std::vector<std::string> parts;
  for (const auto& [key, inner] : value.items())
    parts.push_back(str(key, ' ', inner.is_object() ? str('(', summary(inner), ')') : summary(inner)));
  return join(parts, ", ");
}

// A line a key; under `config`, a line a suite.
void read_provenance(RunResults& results, const std::string& key, const Json& value) {
  const bool opened = key.empty() || key == "config" || key == "config.suites";
  if (!opened || !value.is_object()) {
    results.provenance.emplace_back(key, summary(value));
    return;
  }
  for (const auto& [inner, inner_value] : value.items())
    read_provenance(results, key.empty() ? inner : str(key, '.', inner), inner_value);
}

// What an evaluation found missing or odd: provenance.config.suites.NAME.warnings.
void read_warnings(RunResults& results, const Json& provenance) {
  const Json::json_pointer place("/config/suites");
  if (!provenance.contains(place) || !provenance[place].is_object()) return;
  for (const auto& [suite, value] : provenance[place].items()) {
    if (!value.is_object() || !value.contains("warnings") || !value["warnings"].is_array()) continue;
    for (const Json& warning : value["warnings"]) results.warnings.push_back(str(suite, ": ", plain_text(warning)));
  }
}

}  // namespace

std::optional<double> SuiteResult::figure(const std::string& key) const {
  const auto found = figures.find(key);
  return found == figures.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Interval> SuiteResult::interval_of(const std::string& key) const {
  const auto found = lists.find(key);
  if (found == lists.end() || found->second.size() != 2) return std::nullopt;
  return Interval{found->second[0], found->second[1]};
}

std::int64_t SuiteResult::images() const {
  return static_cast<std::int64_t>(figure("n").value_or(0));
}

std::optional<std::string> RunResults::provenance_of(const std::string& key) const {
  for (const auto& [name, value] : provenance)
    if (name == key) return value;
  return std::nullopt;
}

RunResults read_results(const fs::path& file) {
  const std::string text = read_file(file);
  require_sound_json(text, file.string());
  const Json json = Json::parse(text);
  const Node root{json, escape(file.string()) + ": the file"};
  root.object();
  RunResults results;
  const Node suites{root.at("suites").value, escape(file.string()) + ": suites"};
  for (const auto& [name, value] : suites.object().items())
    results.suites.push_back(read_suite(name, {value, str(suites.place, '.', escape(name))}));
  if (json.contains("provenance")) {
    const Json& provenance = Node{json["provenance"], escape(file.string()) + ": provenance"}.object();
    read_provenance(results, "", provenance);
    read_warnings(results, provenance);
  }
  return results;
}

}  // namespace luvit
