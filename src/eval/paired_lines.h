#pragma once
#include <functional>

#include "luvit/eval/evaluated_run.h"

namespace luvit {

// Sees the same image in both files.
using PairVisitor = std::function<void(const PredictionLine& a, const PredictionLine& b)>;

// Pairs two files of predictions by path, in byte order of paths. Files in that order, as luvit_eval writes them, are
// read side by side and take no memory; others are sorted first. `restart` makes a visitor that knows of no image yet:
// it is asked for again where the files turn out to need sorting. DataError where an image is in one file only or twice
// in one, or has two labels.
void visit_pairs(const fs::path& a, const fs::path& b, const std::function<PairVisitor()>& restart);

}  // namespace luvit
