#include "mistakes.h"

#include <algorithm>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/io/csv.h"

namespace luvit {
namespace {

void keep(std::vector<Mistake>& worst, const Mistake& mistake) {
  const auto same = std::find_if(worst.begin(), worst.end(), [&](const Mistake& other) {
    return other.label == mistake.label && other.prediction == mistake.prediction;
  });
  if (same != worst.end()) {
    if (same->confidence >= mistake.confidence) return;
    worst.erase(same);
  }
  const auto place = std::upper_bound(worst.begin(), worst.end(), mistake,
                                      [](const Mistake& a, const Mistake& b) { return a.confidence > b.confidence; });
  worst.insert(place, mistake);
  if (worst.size() > mistakes_shown) worst.pop_back();
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

// ImageNet-9's labels are groups of classes; k-NN's are places among the folders that it learns from.
bool has_labels_of_its_own(const SuiteResult& suite) {
  return suite.kind == "imagenet9" || suite.kind == "knn";
}

}  // namespace

PredictionsRead read_predictions(const fs::path& file) {
  CsvReader csv(file);
  const auto path = csv.column("path"), label = csv.column("label"), first = csv.column("pred1"),
             confidence = csv.column("confidence");
  PredictionsRead read;
  Mistake row;
  while (csv.next()) {
    ++read.n;
    row.label = csv.integer(label);
    row.prediction = csv.integer(first);
    row.confidence = csv.real(confidence);
    const std::string_view at = csv[path];
    if (const auto known = read.folder_of.find(row.label); known == read.folder_of.end())
      read.folder_of[row.label] = fs::path(at).parent_path().filename().string();
    if (row.prediction == row.label) continue;
    ++read.wrong;
    if (read.worst.size() == mistakes_shown && row.confidence <= read.worst.back().confidence) continue;
    row.path = at;
    keep(read.worst, row);
  }
  return read;
}

// Folders named by number (ImageNet-V2) say no more than the class does.
void ClassNames::learn(const SuiteResult& suite, const PredictionsRead& predictions) {
  of_suite_[suite.name] = predictions.folder_of;
  if (has_labels_of_its_own(suite)) return;
  for (const auto& [label, folder] : predictions.folder_of)
    if (!folder.empty() && !is_number(folder)) of_model_.emplace(label, folder);
}

std::string ClassNames::operator()(const SuiteResult& suite, std::int64_t label) const {
  if (!has_labels_of_its_own(suite)) return (*this)(label);
  const auto own = of_suite_.find(suite.name);
  if (own != of_suite_.end() && own->second.contains(label) && !own->second.at(label).empty())
    return own->second.at(label);
  return str(suite.kind == "imagenet9" ? "group " : "class ", label);
}

std::string ClassNames::answer(const SuiteResult& suite, std::int64_t prediction) const {
  return suite.kind == "knn" ? (*this)(suite, prediction) : (*this)(prediction);
}

std::string ClassNames::operator()(std::int64_t prediction) const {
  const auto found = of_model_.find(prediction);
  return found == of_model_.end() ? str("class ", prediction) : found->second;
}

}  // namespace luvit
