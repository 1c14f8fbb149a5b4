#pragma once
#include <optional>
#include <string>
#include <vector>

#include "luvit/core/files.h"
#include "luvit/eval/classification.h"
#include "luvit/io/safetensors.h"
#include "suite_plan.h"

namespace luvit {

// What is done of an evaluation, part by part, in DIR/partial: an evaluation that was cut off goes on there, and one
// that is repeated or extended computes only what is new. Each file names what it is of by a hash of all that its
// figures hang on; under another hash it is made anew.
class PartialResults {
 public:
  // `setting`: the weights' hash, the precision, the device and the program, as one text.
  PartialResults(fs::path folder, std::string setting) : folder_(std::move(folder)), setting_(std::move(setting)) {}

  std::optional<std::vector<Prediction>> read(const SuitePlan& plan, const SuitePart& part) const;
  void write(const SuitePlan& plan, const SuitePart& part, const std::vector<Prediction>& predictions) const;
  // Of suites whose figures are no predictions: nullopt where nothing of this part is there, or it is broken.
  std::optional<NamedTensors> read_tensors(const SuitePlan& plan, const SuitePart& part) const;
  void write_tensors(const SuitePlan& plan, const SuitePart& part, const NamedTensors& tensors) const;
  bool any() const;  // of whatever evaluation

 private:
  fs::path file_of(const SuitePlan& plan, const SuitePart& part) const;
  std::string key_of(const SuitePlan& plan, const SuitePart& part) const;
  fs::path folder_;
  std::string setting_;
};

// The data of a suite in one hash: paths and labels.
std::string fingerprint_of(const SuiteImages& images);

}  // namespace luvit
