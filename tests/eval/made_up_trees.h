#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <string>

#include "luvit/eval/classification.h"
#include "suite_results.h"
#include "temporary_folder.h"

namespace luvit::test {

// A picture that says a number below 65536 by its colour.
void write_number(const fs::path& path, std::int64_t number, std::int64_t side = 8);

// A model of 1000 classes that looks at 8×8 pixels, but for its weights.
OpenedModel model_of_classes(std::int64_t classes = 1000, std::vector<std::string> names = {});

// Logits that the pictures' numbers decide: `answer` gives the classes from the best down.
LogitsFunction answering(std::function<std::vector<std::int64_t>(std::int64_t number)> answer,
                         std::int64_t classes = 1000);

SuitePlan plan_of(const SuiteOptions& options, const OpenedModel& model = model_of_classes());
// All parts looked at by one rank.
PartPredictions predictions_of_plan(const SuitePlan& plan, const LogitsFunction& logits);

}  // namespace luvit::test
