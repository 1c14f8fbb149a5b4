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
};

// Of logits [B,C] (any float type; the softmax is float32's) and labels int64 [B]. Of equal logits the lower class wins.
std::vector<Prediction> predictions_of(const at::Tensor& logits, const at::Tensor& label);

struct ClassificationScores {
  std::int64_t n = 0;
  double top1 = 0, top5 = 0, nll = 0;  // shares 0..1; nats, mean
};
ClassificationScores scores_of(const std::vector<Prediction>& predictions);

// Normalised images float32 [B,3,H,W] on the host → logits [B,C], on any device.
using LogitsFunction = std::function<at::Tensor(const at::Tensor& images)>;

struct ClassifyOptions {
  EvaluationView view;
  std::int64_t batch = 1, workers = 0;
  std::function<bool()> stop = {};  // asked between batches: true ends this rank's part
};

// Runs `logits` over a labelled data set, each rank over its share, each image once: all predictions in the order of
// the data set, on every rank. nullopt, on all ranks, where a stop cut any rank short. DataError for an unreadable
// image, on all ranks. All ranks call it together.
std::optional<std::vector<Prediction>> classify(Team& team, const Dataset& data, const LogitsFunction& logits,
                                                const ClassifyOptions& options);

}  // namespace luvit
