#pragma once
#include <map>
#include <string>
#include <vector>

#include "results.h"

namespace luvit {

struct Mistake {
  std::string path;  // below the suite's folder
  std::int64_t label = 0, prediction = 0;
  double confidence = 0;
};

// What predictions/NAME.csv tells beyond results.json.
struct PredictionsRead {
  std::int64_t n = 0, wrong = 0;
  // The most confident wrong answers, most confident first, each pair of label and prediction once (by its most
  // confident image), so that one confusion does not fill the page. Of equal confidences the first path leads.
  std::vector<Mistake> worst;
  std::map<std::int64_t, std::string> folder_of;  // a label's class folder
};
inline constexpr std::size_t mistakes_shown = 12;

// One pass over the file, however long. DataError naming its line.
PredictionsRead read_predictions(const fs::path& file);

// A class' name for people: that of a class folder in one of the suites, else "class 17".
class ClassNames {
 public:
  void learn(const SuiteResult& suite, const PredictionsRead& predictions);
  std::string operator()(const SuiteResult& suite, std::int64_t label) const;  // of a suite's own label
  std::string answer(const SuiteResult& suite, std::int64_t prediction) const;

 private:
  std::string operator()(std::int64_t prediction) const;  // of the model's class
  std::map<std::int64_t, std::string> of_model_;
  std::map<std::string, std::map<std::int64_t, std::string>> of_suite_;
};

}  // namespace luvit
