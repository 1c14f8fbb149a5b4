#pragma once
#include "luvit/models/classifier.h"
#include "luvit/train/driver.h"

namespace luvit {

// Of a classifier on data.val, as all tasks with one report it. nullopt without data.val, and where a stop cut it
// short.
std::optional<Evaluation> evaluate_classifier(const TaskParts& with, const Classifier& model, Precision precision,
                                              const Preprocess& preprocess);
// `luvit.preprocess` of a classifier, as MAE evaluates: the shorter side to int(size·256/224) up to 224 pixels, to the
// size itself above, then cut from the centre.
Preprocess evaluation_preprocess(const RunConfig& config);

}  // namespace luvit
