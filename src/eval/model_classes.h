#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "luvit/weights/model_file.h"
#include "suite_images.h"

namespace luvit {

// Which class a folder's name is, as the weights see it: by `luvit.classes` where they have names, else by WordNet id
// where there are 1000 classes. Never by position in a listing.
class ModelClasses {
 public:
  explicit ModelClasses(const OpenedModel& model);

  std::int64_t count() const { return count_; }
  // For data sets of ImageNet's classes: the index of each WordNet id. DataError (`suite`) for a model that knows none.
  FolderLabels wordnet(const std::string& suite) const;
  // The same, for those that need all 1000: of each of the 1000 classes in their usual order, its index in the model.
  std::vector<std::int64_t> of_all(const std::string& suite) const;
  // For folders of any kind, with what their names are.
  FolderLabels names(const std::string& suite, std::string& meaning) const;

 private:
  // 1000 classes that no name tells otherwise of.
  bool in_imagenets_order() const;

  std::int64_t count_;
  std::vector<std::string> classes_;  // luvit.classes; empty without
  bool wordnet_names_ = false;        // they are WordNet ids
};

// A CSV with the columns `folder` and `index`. DataError for a folder named twice and an index that is no class.
FolderLabels read_class_map(const std::string& path, std::int64_t classes);

}  // namespace luvit
