#pragma once
#include <memory>
#include <string>
#include <vector>

#include "luvit/eval/classification.h"
#include "luvit/eval/eval_config.h"
#include "luvit/weights/model_file.h"
#include "suite_images.h"

namespace luvit {

// A part of a suite that is looked at in one go, and kept when it is done.
struct SuitePart {
  std::string name;  // "", or "fog/3", "mixed_same"
  std::shared_ptr<const SuiteImages> images;
};

// A suite with its data found and its labels known: what will be done, before anything is.
struct SuitePlan {
  SuiteOptions options;
  EvaluationView view;  // resize 0: as the files are
  std::int64_t classes = 0;
  Scoring scoring;
  std::vector<SuitePart> parts;              // in the byte order of their images' paths
  std::shared_ptr<const SuiteImages> train;  // knn
  std::vector<std::string> masks;            // imagenet_s: the file of each image
  std::int64_t skipped = 0;
  std::vector<std::string> warnings;  // what is missing

  std::int64_t images() const;
};

// DataError where the data, or the model's classes, are not what the suite's kind needs.
SuitePlan plan_suite(const SuiteOptions& options, const PreprocessOptions& common, const OpenedModel& model);

// How its images come before the model: the suite's own keys over the common ones over the weights'. UsageError where
// the crop is not the model's image size.
Preprocess preprocess_of(const SuiteOptions& options, const PreprocessOptions& common, const OpenedModel& model);

}  // namespace luvit
