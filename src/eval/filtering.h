#pragma once
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "token_maps.h"

namespace luvit {

// The paper's information filtering (Eq. 5), measured: the language block is said to leave in the class token a
// weighted sum of the patches' tokens, z'_CLS ≈ Σ w_v M(z_v) with M = L2·LLM·L1, and to raise the informative ones.
// Here z are the last ViT block's tokens, z' L2's output in the same pass, w the block's own attention of the class
// token to the patches (mean over heads, made to sum to one). Beside the trained block stand two controls in the same
// model: the same block with each tensor's entries in random places, and a random one.
inline const std::vector<std::string> filtering_blocks = {"trained", "permuted", "random"};

// Of some images; the columns of `images`.
struct FilteringFigures {
  enum Column {
    distance,        // ‖z'_CLS − Σ w_v z'_v‖ / ‖z'_CLS‖
    cosine,          // of the same two
    distance_even,   // the same with equal weights
    entropy_rank,    // Spearman's correlation of amplification ‖z'_v‖/‖z_v‖ with attention entropy; NaN: none
    mask_log_ratio,  // log of the mean amplification of foreground over that of background; NaN: one is empty
    columns
  };
  std::vector<std::int64_t> places;  // of the images in the suite
  at::Tensor images;                 // float64 [n,blocks,columns]
  // R² of the best affine map of L1's output to L2's, on the images with an odd place among these, fitted on the
  // others; NaN where too few tokens are there to fit it.
  at::Tensor linear_r2;  // float64 [blocks]
  // Amplification, divided by its image's mean, over tenths of the image's patches by their entropy: mean over images
  // and its standard error.
  at::Tensor profile;  // float64 [blocks,10,2]
};

// One more pass over `filtering` images, evenly spread over the suite. `maps`, of the whole suite, are needed on the
// leader only, and so are the figures. nullopt, on all ranks, where a stop cut it short.
struct FilteringOf {
  const SuitePlan& plan;
  const OpenedModel& description;
  const InferenceModel& model;
  at::ScalarType compute;
  at::Device device;
};
std::optional<FilteringFigures> measure_filtering(Team& team, const FilteringOf& of, const TokenMaps& maps,
                                                  const ImagePassOptions& pass);

NamedTensors to_tensors(const FilteringFigures& figures);
std::optional<FilteringFigures> filtering_from(const NamedTensors& tensors, std::int64_t images);

nlohmann::ordered_json filtering_results(const FilteringFigures& figures);
std::string filtering_lines(const SuitePlan& plan, const FilteringFigures& figures);  // CSV, a line an image and block

// R² of the best affine map from x [n,F] to y [m,D] rows, on held-out rows, pooled over the outputs, about their means
// there. nullopt where x has no more rows than columns.
std::optional<double> linear_r2(const at::Tensor& x, const at::Tensor& y, const at::Tensor& held_out_x,
                                const at::Tensor& held_out_y);

}  // namespace luvit
