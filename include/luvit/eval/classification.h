#pragma once
#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "luvit/data/evaluation_reader.h"
#include "luvit/distributed/team.h"

namespace luvit {

// What a classifier says about one image.
struct Prediction {
  std::int64_t label = -1;
  std::array<std::int64_t, 5> top = {-1, -1, -1, -1, -1};  // best first; -1 beyond the number of classes
  float confidence = 0;                                    // softmax of top[0], over the classes scored
  float nll = 0;                                           // −log softmax of the label
  float brier = 0;                                         // Σ (softmax − one-hot label)²
  std::int64_t best_of_all = -1;                           // top[0] where every class is scored
  std::array<std::int64_t, 2> also = {-1, -1};             // top[0] of each of Scoring::also
};

// Which classes a data set knows, and what its labels mean. Empty: every class of the model is a label.
struct Scoring {
  // Classes scored, ascending (ImageNet-A, -R): the others' logits do not exist. Labels and predictions stay indices
  // into all classes.
  std::vector<std::int64_t> subset;
  // Each class's label, -1 for none (ImageNet-9): predictions stay classes, and a label's probability is the sum over
  // its classes. Not together with a subset.
  std::vector<std::int64_t> label_of;

  // Further subsets, of which only the best class is told (the classes of ImageNet-A and -R in one clean pass).
  std::array<std::vector<std::int64_t>, 2> also;

  bool right(std::int64_t label, std::int64_t predicted) const;
};

// Of logits [B,C] (any float type; the softmax is float32's) and labels int64 [B]. Of equal logits the lower class
// wins.
std::vector<Prediction> predictions_of(const at::Tensor& logits, const at::Tensor& label, const Scoring& scoring = {});

struct ClassificationScores {
  std::int64_t n = 0;
  double top1 = 0, top5 = 0, nll = 0, brier = 0;  // shares 0..1; nats, mean; mean
};
ClassificationScores scores_of(const std::vector<Prediction>& predictions, const Scoring& scoring = {});

// Normalised images float32 [B,3,H,W] on the host → logits [B,C], on any device.
using LogitsFunction = std::function<at::Tensor(const at::Tensor& images)>;

struct ClassifyOptions {
  EvaluationView view;
  std::int64_t batch = 1, workers = 0;
  std::function<bool()> stop = {};  // asked between batches: true ends this rank's part
  // Images in one call of the model, each at the place that its index gives it, the last call filled up with zeros:
  // matrix products may round a row differently in another company, and predictions must depend neither on `batch`
  // nor on the number of ranks. `batch`, what is read at a time, is rounded up to a multiple of it.
  std::int64_t at_once = 32;
  Scoring scoring = {};
};

// Runs `logits` over a labelled data set, each rank over its share, each image once: all predictions in the order of
// the data set, on every rank. nullopt, on all ranks, where a stop cut any rank short. DataError for an unreadable
// image, RunError for logits that are not finite, on all ranks. All ranks call it together.
std::optional<std::vector<Prediction>> classify(Team& team, const Dataset& data, const LogitsFunction& logits,
                                                const ClassifyOptions& options);

}  // namespace luvit
