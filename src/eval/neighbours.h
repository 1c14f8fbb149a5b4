#pragma once
#include <optional>
#include <vector>

#include "image_pass.h"
#include "luvit/eval/classification.h"

namespace luvit {

struct NeighbourOptions {
  ImagePassOptions pass;
  std::int64_t k = 20;
  double temperature = 0.07;
};

// k nearest neighbours by the cosine of frozen features, exactly: each of the k votes for its class with the weight
// exp(cosine / temperature) (facebookresearch/dino eval_knn.py). Of equal cosines the earlier image is nearer, of equal
// votes the lower class wins. Confidence is the share of the votes, `top` holds classes that got any, nll is 0.
// Training features stay where they were made, each rank's share in blocks; no matrix of all pairs is ever held.
// `features`: images → [B,D] on any device. nullopt, on all ranks, after a stop.
std::optional<std::vector<Prediction>> nearest_neighbours(Team& team, const Dataset& train, const Dataset& data,
                                                          const LogitsFunction& features,
                                                          const NeighbourOptions& options);

}  // namespace luvit
