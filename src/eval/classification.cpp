#include "luvit/eval/classification.h"

#include <ATen/ATen.h>

#include <cmath>

#include "image_pass.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

// Predictions of one rank's share. Logits are read one call later, so that a device has its next work before the host
// waits for the last.
class Collector {
 public:
  Collector(const Dataset& data, const LogitsFunction& logits, const Scoring& scoring)
      : data_(data), logits_(logits), scoring_(scoring) {}

  void add(const ImageRows& rows) {
    const at::Tensor logits = logits_(rows.images).narrow(0, 0, rows.count);
    finish();
    waiting_ = logits;
    label_ = rows.label.clone();  // rows belong to the reader
    first_ = rows.first;
  }

  void finish() {
    if (!waiting_.defined()) return;
    const std::vector<Prediction> more = predictions_of(waiting_, label_, scoring_);
    for (std::size_t i = 0; i < more.size(); ++i)
      if (!std::isfinite(more[i].confidence) || std::isnan(more[i].nll))
        throw RunError(str(data_.name(first_ + static_cast<std::int64_t>(i)), ": the model's logits are not finite"),
                       "precision: float32 tells whether the weights or the number format are to blame");
    found.insert(found.end(), more.begin(), more.end());
    waiting_.reset();
  }

  std::vector<Prediction> found;

 private:
  const Dataset& data_;
  const LogitsFunction& logits_;
  const Scoring& scoring_;
  at::Tensor waiting_, label_;
  std::int64_t first_ = 0;
};

}  // namespace

std::optional<std::vector<Prediction>> classify(Team& team, const Dataset& data, const LogitsFunction& logits,
                                                const ClassifyOptions& options) {
  const at::NoGradGuard no_gradients;
  const ImagePassOptions pass{.view = options.view,
                              .batch = options.batch,
                              .at_once = options.at_once,
                              .workers = options.workers,
                              .stop = options.stop};
  Collector collector(data, logits, options.scoring);
  if (!image_pass(team, data, pass, [&](const ImageRows& rows) { collector.add(rows); })) return std::nullopt;
  team.together([&] { collector.finish(); });
  return join_records(team, collector.found);
}

}  // namespace luvit
