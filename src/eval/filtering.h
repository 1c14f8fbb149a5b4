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
// Of the random block: no run has its own random block from it, by which control and trained block would be one.
inline constexpr std::uint64_t filtering_control_seed = 0x6c7576697420636f;

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
  // others, and its bootstrap interval over those images; NaN where too few tokens are there to fit it, and ends of one
  // image.
  at::Tensor linear_r2;  // float64 [blocks,3]: value, low, high
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

// The best affine map from rows of x [n,T,F] to rows of y [n,T,D], put to the test on held-out images: what it leaves
// unexplained of each of them, and all there is about the mean over them, sums of squares pooled over tokens and
// outputs [m]. R² is 1 less the ratio of their sums. nullopt where x has no more rows than columns.
struct LinearErrors {
  at::Tensor left, all;
};
std::optional<LinearErrors> linear_errors(const at::Tensor& x, const at::Tensor& y, const at::Tensor& held_out_x,
                                          const at::Tensor& held_out_y);

}  // namespace luvit
