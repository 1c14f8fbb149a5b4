#include "neighbours.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

// Every product is of these sizes, filled up with zeros, so that a cosine has the same bits on any number of ranks.
constexpr std::int64_t block_rows = 1024, query_rows = 256;

struct Neighbour {
  float cosine;
  std::int32_t label;
  std::int64_t index;
  bool operator<(const Neighbour& other) const {  // nearer
    return cosine != other.cosine ? cosine > other.cosine : index < other.index;
  }
};
using Nearest = std::vector<Neighbour>;

// Of one rank's part of the training images: [blocks·block_rows, D] on the model's device, zeros behind the last.
struct KnownImages {
  RankShare share;
  at::Tensor features;
  std::vector<std::int64_t> labels;
};

// RunError naming the image whose features are no numbers: they have no neighbours.
at::Tensor of_length_one(const at::Tensor& features, const ImageRows& rows, const Dataset& data) {
  const at::Tensor x = features.narrow(0, 0, rows.count).to(at::kFloat);
  const at::Tensor wrong = x.isfinite().all(1).logical_not().nonzero().cpu();
  if (wrong.numel() > 0)
    throw RunError(
        str(data.name(rows.first + *wrong.const_data_ptr<std::int64_t>()), ": the model's features are not finite"),
        "precision: float32 tells whether the weights or the number format are to blame");
  return x / x.norm(2, {1}, /*keepdim=*/true).clamp_min(1e-12);
}

std::optional<KnownImages> look_at(Team& team, const Dataset& train, const LogitsFunction& features,
                                   ImagePassOptions pass) {
  pass.share_unit = block_rows;
  KnownImages known{.share = share_of(train.size(), block_rows, team.rank(), team.size())};
  const std::int64_t n = known.share.last - known.share.first;
  const bool whole = image_pass(team, train, pass, [&](const ImageRows& rows) {
    const at::Tensor found = of_length_one(features(rows.images), rows, train);
    if (!known.features.defined())
      known.features = at::zeros({(n + block_rows - 1) / block_rows * block_rows, found.size(1)}, found.options());
    known.features.narrow(0, rows.first - known.share.first, rows.count).copy_(found);
    const auto* label = rows.label.const_data_ptr<std::int64_t>();
    known.labels.insert(known.labels.end(), label, label + rows.count);
  });
  return whole ? std::make_optional(std::move(known)) : std::nullopt;
}

// Those that vote, of all ranks' images: [n,D] on the host.
std::optional<at::Tensor> queries(Team& team, const Dataset& data, const LogitsFunction& features,
                                  const ImagePassOptions& pass) {
  std::vector<float> own;
  const bool whole = image_pass(team, data, pass, [&](const ImageRows& rows) {
    const at::Tensor found = of_length_one(features(rows.images), rows, data).to(at::kCPU).contiguous();
    own.insert(own.end(), found.const_data_ptr<float>(), found.const_data_ptr<float>() + found.numel());
  });
  if (!whole) return std::nullopt;
  const std::vector<float> all = join_records(team, own);
  return at::tensor(all).view({data.size(), -1});
}

// The k greatest of each row; of equal ones those in the earliest columns.
std::pair<at::Tensor, at::Tensor> greatest(const at::Tensor& cosines, std::int64_t k) {
  auto [value, column] = cosines.topk(k, 1);
  const at::Tensor least = value.narrow(1, k - 1, 1);
  if (at::equal((cosines == least).sum(1), (value == least).sum(1))) return {value.cpu(), column.cpu()};
  const auto [sorted, order] = cosines.sort(/*stable=*/true, 1, /*descending=*/true);
  return {sorted.narrow(1, 0, k).contiguous().cpu(), order.narrow(1, 0, k).contiguous().cpu()};
}

// This rank's k nearest of each query, one query after another; `chunk` [query_rows,D].
std::vector<Neighbour> nearest_here(const KnownImages& known, const at::Tensor& chunk, std::int64_t rows,
                                    std::int64_t k) {
  std::vector<Nearest> nearest(static_cast<std::size_t>(rows));
  const std::int64_t n = known.share.last - known.share.first;
  for (std::int64_t first = 0; first < n; first += block_rows) {
    const std::int64_t have = std::min(block_rows, n - first), most = std::min(k, have);
    const at::Tensor cosines = at::matmul(chunk, known.features.narrow(0, first, block_rows).t());
    const auto [value, column] = greatest(cosines.narrow(1, 0, have), most);
    for (std::int64_t row = 0; row < rows; ++row) {
      Nearest& of = nearest[static_cast<std::size_t>(row)];
      const float* cosine = value.const_data_ptr<float>() + row * most;
      const auto* place = column.const_data_ptr<std::int64_t>() + row * most;
      for (std::int64_t j = 0; j < most; ++j)
        of.push_back({cosine[j], static_cast<std::int32_t>(known.labels[static_cast<std::size_t>(first + place[j])]),
                      known.share.first + first + place[j]});
      std::sort(of.begin(), of.end());
      if (std::ssize(of) > k) of.resize(static_cast<std::size_t>(k));
    }
  }
  std::vector<Neighbour> all;
  for (Nearest& of : nearest) {
    of.resize(static_cast<std::size_t>(k), {-2, -1, INT64_MAX});  // farther than any
    all.insert(all.end(), of.begin(), of.end());
  }
  return all;
}

Prediction elect(const Nearest& nearest, std::int64_t label, double temperature) {
  std::map<std::int64_t, double> votes;
  double all = 0;
  for (const Neighbour& one : nearest) {
    if (one.label < 0) continue;
    const double weight =
        std::exp((static_cast<double>(one.cosine) - static_cast<double>(nearest[0].cosine)) / temperature);
    votes[one.label] += weight;
    all += weight;
  }
  std::vector<std::pair<std::int64_t, double>> order(votes.begin(), votes.end());
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  Prediction p{.label = label};
  for (std::size_t i = 0; i < std::min(p.top.size(), order.size()); ++i) p.top[i] = order[i].first;
  p.best_of_all = p.top[0];
  p.confidence = static_cast<float>(order[0].second / all);
  double squares = votes.contains(label) ? 0 : 1;
  for (const auto& [voted, weight] : votes) squares += std::pow(weight / all - (voted == label ? 1 : 0), 2);
  p.brier = static_cast<float>(squares);
  return p;
}

// Of each query the ranks' candidates together: the k nearest of all.
Nearest of_all_ranks(const std::vector<Neighbour>& candidates, std::int64_t ranks, std::int64_t rows, std::int64_t row,
                     std::int64_t k) {
  Nearest nearest;
  for (std::int64_t rank = 0; rank < ranks; ++rank) {
    const auto first = candidates.begin() + (rank * rows + row) * k;
    nearest.insert(nearest.end(), first, first + k);
  }
  std::sort(nearest.begin(), nearest.end());
  nearest.resize(static_cast<std::size_t>(k));
  return nearest;
}

bool anyone_stops(Team& team, const std::function<bool()>& stop) {
  const auto all = team.ranks().gather_text(stop && stop() ? "stop" : "");
  return std::any_of(all.begin(), all.end(), [](const std::string& text) { return !text.empty(); });
}

}  // namespace

std::optional<std::vector<Prediction>> nearest_neighbours(Team& team, const Dataset& train, const Dataset& data,
                                                          const LogitsFunction& features,
                                                          const NeighbourOptions& options) {
  const at::NoGradGuard no_gradients;
  const auto known = look_at(team, train, features, options.pass);
  if (!known) return std::nullopt;
  const auto asked = queries(team, data, features, options.pass);
  if (!asked) return std::nullopt;
  const std::int64_t n = data.size();
  const at::Tensor chunk = at::zeros({query_rows, asked->size(1)});
  std::vector<Prediction> predictions;
  for (std::int64_t first = 0; first < n; first += query_rows) {
    team.alive();
    if (anyone_stops(team, options.pass.stop)) return std::nullopt;
    const std::int64_t rows = std::min(query_rows, n - first);
    chunk.zero_();
    chunk.narrow(0, 0, rows).copy_(asked->narrow(0, first, rows));
    const at::Tensor there = known->features.defined() ? chunk.to(known->features.device()) : chunk;
    const auto candidates = join_records(team, nearest_here(*known, there, rows, options.k));
    for (std::int64_t row = 0; row < rows; ++row)
      predictions.push_back(elect(of_all_ranks(candidates, team.size(), rows, row, options.k), data.label(first + row),
                                  options.temperature));
  }
  return predictions;
}

}  // namespace luvit
