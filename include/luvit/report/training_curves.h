#pragma once
#include <vector>

#include "luvit/report/figure.h"

namespace luvit {

// The curves of a training run, from RUN/metrics.jsonl: loss over steps (with that of held-out images), learning rate,
// top-1 of each evaluation and gradient signal-to-noise ratio over steps; those that the file has something for. Where
// a step stands twice, after a resume, the last line counts; a line torn by a kill at the end is left out. DataError
// naming the line that is no metrics line.
std::vector<Figure> training_curves(const fs::path& run_folder);

}  // namespace luvit
