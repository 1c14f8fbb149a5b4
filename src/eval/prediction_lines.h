#pragma once
#include "suite_results.h"

namespace luvit {

// predictions/NAME.csv: path,label,pred1,…,pred5,confidence, in the byte order of paths. pred is -1 beyond the number
// of classes. Durable; written as it goes.
void write_predictions(const fs::path& file, const SuitePlan& plan, const PartPredictions& predictions);

}  // namespace luvit
