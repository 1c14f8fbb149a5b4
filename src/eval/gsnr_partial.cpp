#include "gsnr_partial.h"

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/io/safetensors.h"
#include "luvit/io/sha256.h"

namespace luvit {
namespace {

constexpr const char *key_name = "luvit.partial", *rows_name = "luvit.rows";

constexpr double GsnrFigures::*reals[] = {&GsnrFigures::mean, &GsnrFigures::median, &GsnrFigures::p95,
                                          &GsnrFigures::share_positive, &GsnrFigures::ratio};
constexpr std::int64_t GsnrFigures::*counts[] = {&GsnrFigures::n, &GsnrFigures::no_variance, &GsnrFigures::key_bias};
constexpr std::int64_t columns = std::size(reals) + std::size(counts);

// [rows,sets,columns], float64
at::Tensor figures_of(const std::vector<GsnrRow>& rows, std::int64_t sets) {
  const at::Tensor all = at::empty({std::ssize(rows), sets, columns}, at::kDouble);
  double* to = all.mutable_data_ptr<double>();
  for (const GsnrRow& row : rows)
    for (const GsnrFigures& set : row.sets) {
      for (const auto real : reals) *to++ = set.*real;
      for (const auto count : counts) *to++ = static_cast<double>(set.*count);
    }
  return all;
}

void fill(std::vector<GsnrRow>& rows, const at::Tensor& all) {
  const double* from = all.const_data_ptr<double>();
  for (GsnrRow& row : rows) {
    row.sets.resize(static_cast<std::size_t>(all.size(1)));
    for (GsnrFigures& set : row.sets) {
      for (const auto real : reals) set.*real = *from++;
      for (const auto count : counts) set.*count = static_cast<std::int64_t>(*from++);
    }
  }
}

// Level and name of each row.
std::string names_of(const std::vector<GsnrRow>& rows) {
  auto names = nlohmann::json::array();
  for (const GsnrRow& row : rows) names.push_back({static_cast<int>(row.level), row.name});
  return names.dump();
}

std::vector<GsnrRow> named_rows(const std::string& text) {
  std::vector<GsnrRow> rows;
  for (const auto& one : nlohmann::json::parse(text))
    rows.push_back({static_cast<GsnrLevel>(one.at(0).get<int>()), one.at(1).get<std::string>(), {}});
  return rows;
}

}  // namespace

std::string GsnrPartial::key_of(const GsnrWeights& weights) const {
  return sha256_of(str(setting_, "\n", weights.sha256, "\n", exact(weights.label_smoothing)));
}

std::optional<GsnrPoint> GsnrPartial::read(const GsnrWeights& weights) const {
  const std::string key = key_of(weights);
  const fs::path path = folder_ / (key.substr(0, 16) + ".safetensors");
  if (!path_exists(path)) return std::nullopt;
  try {
    const SafetensorsFile file(path);
    if (file.metadata().at(key_name) != key) return std::nullopt;
    const at::Tensor draws = file.read("draws"), loss = file.read("loss"), figures = file.read("figures");
    GsnrPoint point{.of = weights,
                    .draws = {draws[0].item<std::int64_t>(), draws[1].item<std::int64_t>()},
                    .loss = {loss.const_data_ptr<double>(), loss.const_data_ptr<double>() + loss.numel()},
                    .rows = named_rows(file.metadata().at(rows_name))};
    if (figures.sizes() != at::IntArrayRef{std::ssize(point.rows), loss.numel(), columns}) return std::nullopt;
    fill(point.rows, figures);
    return point;
  } catch (const std::exception&) {  // not one of ours, or broken: it is measured anew
    return std::nullopt;
  }
}

void GsnrPartial::write(const GsnrPoint& point) const {
  const std::string key = key_of(point.of);
  file_layer().make_folder(folder_);
  write_safetensors(folder_ / (key.substr(0, 16) + ".safetensors"),
                    {{"draws", at::tensor({point.draws.samples, point.draws.batches}, at::kLong)},
                     {"loss", at::tensor(point.loss, at::kDouble)},
                     {"figures", figures_of(point.rows, std::ssize(point.loss))}},
                    {{key_name, key}, {rows_name, names_of(point.rows)}});
}

}  // namespace luvit
