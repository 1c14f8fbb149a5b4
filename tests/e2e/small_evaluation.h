#pragma once
#include <nlohmann/json.hpp>

#include "luvit/weights/model_file.h"
#include "small_run.h"

namespace luvit::test {

// A classifier of a few thousand parameters with names for its classes, and data sets for it: `data` of 150 images in
// four class folders, `few` of 5. Its config has a suite of each and k-NN: photos, few, knn.
class SmallEvaluation {
 public:
  SmallEvaluation();
  std::string at(const std::string& name) const { return (folder_ / name).string(); }
  void write_config(const std::string& text) const;
  // `data` becomes `val`, of folders that are WordNet ids, which the weights now name: a small ImageNet.
  void become_imagenet() const;
  // A config that corrupts `val` on the way: 10 cells of 25 images.
  void write_corruptions(const std::string& other_suites = "") const;

  std::vector<std::string> words(const std::string& output, const std::vector<std::string>& more = {}) const;
  Result eval(const std::string& output, const std::vector<std::string>& more = {}) const;
  nlohmann::ordered_json results(const std::string& output) const;
  // results.json but for its timing, and all predictions, byte by byte.
  std::string found(const std::string& output) const;

 private:
  void save(const std::string& name, const OpenedModel& description) const;
  TemporaryFolder folder_;
};

}  // namespace luvit::test
