#include "model_classes.h"

#include <algorithm>

#include "class_tables.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/io/csv.h"

namespace luvit {
namespace {

FolderLabels by_position(const std::vector<std::string>& names) {
  FolderLabels labels;
  for (std::size_t i = 0; i < names.size(); ++i) labels[names[i]] = static_cast<std::int64_t>(i);
  return labels;
}

bool is_wordnet_id(const std::string& name) {
  const auto& all = imagenet_wnids();
  return std::binary_search(all.begin(), all.end(), name);
}

// Names that are no more than places: of a model trained on shards.
bool are_numbers(const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] != std::to_string(i)) return false;
  return true;
}

}  // namespace

ModelClasses::ModelClasses(const OpenedModel& model) : count_(model.options.classes), classes_(model.classes) {
  wordnet_names_ = !classes_.empty() && std::all_of(classes_.begin(), classes_.end(), is_wordnet_id);
}

bool ModelClasses::in_imagenets_order() const {
  return count_ == std::ssize(imagenet_wnids()) && are_numbers(classes_);
}

FolderLabels ModelClasses::wordnet(const std::string& suite) const {
  if (wordnet_names_) return by_position(classes_);
  if (in_imagenets_order()) return by_position(imagenet_wnids());
  const auto other = std::find_if_not(classes_.begin(), classes_.end(), is_wordnet_id);
  const std::string example = other == classes_.end() ? "" : str(" (", escape(*other), ")");
  throw DataError(str(suite, ": the model has ", count_, " classes, and not all are called by WordNet ids", example,
                      "; expected ImageNet's 1000, or WordNet ids in luvit.classes"),
                  "kind: folder evaluates on any classes");
}

std::vector<std::int64_t> ModelClasses::of_all(const std::string& suite) const {
  const FolderLabels labels = wordnet(suite);
  std::vector<std::int64_t> of;
  for (const std::string& wnid : imagenet_wnids()) {
    const auto found = labels.find(wnid);
    if (found == labels.end())
      throw DataError(str(suite, ": the model has ", count_, " classes; this data set needs all of ImageNet's 1000"),
                      "kind: folder evaluates on any classes");
    of.push_back(found->second);
  }
  return of;
}

FolderLabels ModelClasses::names(const std::string& suite, std::string& meaning) const {
  meaning = str("one of the model's ", count_, " classes (luvit.classes)");
  if (!classes_.empty()) return by_position(classes_);
  meaning = "a WordNet id of the 1000 classes";
  if (in_imagenets_order()) return by_position(imagenet_wnids());
  throw DataError(str(suite, ": the weights do not name their ", count_, " classes"),
                  "class_map: a CSV with the columns folder,index says which class each folder is");
}

FolderLabels read_class_map(const std::string& path, std::int64_t classes) {
  CsvReader csv(path);
  const std::size_t folder = csv.column("folder"), index = csv.column("index");
  FolderLabels labels;
  while (csv.next()) {
    const std::int64_t label = csv.integer(index);
    if (label < 0 || label >= classes)
      throw DataError(str(csv.where(), ": index ", label, ", the model has ", classes, " classes"),
                      "indices are places in luvit.classes, from 0");
    if (!labels.emplace(csv[folder], label).second)
      throw DataError(str(csv.where(), ": folder ", escape(csv[folder]), " stands there twice"),
                      "a folder is one class: keep one of the two lines");
  }
  if (labels.empty())
    throw DataError(str(path, ": no class in it; expected lines folder,index"),
                    "the first line names the columns, each other one a folder and its class");
  return labels;
}

}  // namespace luvit
