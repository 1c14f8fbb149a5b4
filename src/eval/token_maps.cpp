#include "token_maps.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/eval/analysis.h"
#include "mask_cells.h"

namespace luvit {
namespace {

class Mapper {
 public:
  Mapper(const SuitePlan& plan, const InferenceModel& model)
      : plan_(plan), model_(model), images_(*plan.parts.at(0).images), last_(model.model().options.depth - 1) {
    wanted_ = {block_tap(last_), attention_tap(last_)};
    for (const std::string& block : plan.options.attention_of) {
      wanted_.insert("attention." + block);
      fused_ = fused_ || block == "llm";
    }
  }

  void add(const ImageRows& rows) {
    const at::Tensor made = maps_of(rows.images);  // a GPU works on it while masks are read
    const std::vector<std::uint8_t> cells = cells_of(rows);
    const at::Tensor maps = made.narrow(0, 0, rows.count).to(at::kCPU).contiguous();
    require_finite(maps, rows.first);
    own_cells.insert(own_cells.end(), cells.begin(), cells.end());
    own_values.insert(own_values.end(), maps.const_data_ptr<float>(), maps.const_data_ptr<float>() + maps.numel());
  }

  std::vector<float> own_values;
  std::vector<std::uint8_t> own_cells;

 private:
  // [B,channels,L]
  at::Tensor maps_of(const at::Tensor& images) const {
    const at::NoGradGuard no_gradients;
    Taps taps(wanted_);
    fused_ ? model_.features(images, taps) : model_.encode(images, taps);
    const at::Tensor tokens = taps[block_tap(last_)].to(at::kFloat);
    std::vector<at::Tensor> channels;
    add_entropies(taps[attention_tap(last_)], channels);
    channels.insert(channels.end(), {patch_norms(tokens), token_magnitudes(tokens), token_frequencies(tokens)});
    for (const std::string& block : plan_.options.attention_of) add_entropies(taps["attention." + block], channels);
    for (at::Tensor& channel : channels) channel = channel.to(at::kFloat);
    return at::stack(channels, 1);
  }

  static void add_entropies(const at::Tensor& attention, std::vector<at::Tensor>& channels) {
    const std::int64_t patches = attention.size(2) - 1;
    channels.push_back(attention_entropy(attention).narrow(1, 1, patches));
    channels.push_back(attention_entropy_of_patches(attention).narrow(1, 1, patches));
  }

  std::vector<std::uint8_t> cells_of(const ImageRows& rows) const {
    const std::int64_t grid = model_.model().options.grid();
    std::vector<std::uint8_t> all(static_cast<std::size_t>(rows.count * grid * grid));
    at::parallel_for(0, rows.count, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        const std::int64_t image = rows.first + row;
        const auto cells =
            read_mask_cells(plan_.masks.at(static_cast<std::size_t>(image)), images_.name(image), plan_.view, grid);
        std::copy(cells.begin(), cells.end(), all.begin() + row * grid * grid);
      }
    });
    return all;
  }

  void require_finite(const at::Tensor& maps, std::int64_t first) const {
    const at::Tensor finite = maps.isfinite().flatten(1).all(1);
    for (std::int64_t row = 0; row < maps.size(0); ++row)
      if (!finite[row].item<bool>())
        throw RunError(str(images_.name(first + row), ": the model's tokens or its attention are not finite"),
                       "precision: float32 tells whether the weights or the number format are to blame");
  }

  const SuitePlan& plan_;
  const InferenceModel& model_;
  const SuiteImages& images_;
  std::int64_t last_;
  std::set<std::string> wanted_;
  bool fused_ = false;
};

std::int64_t channels_of(const std::vector<std::string>& attention_of) {
  return TokenMaps::fixed_channels + 2 * std::ssize(attention_of);
}

}  // namespace

std::int64_t TokenMaps::grid() const {
  return std::llround(std::sqrt(static_cast<double>(cells.size(1))));
}

std::optional<TokenMaps> map_tokens(Team& team, const SuitePlan& plan, const InferenceModel& model,
                                    const ImagePassOptions& pass, const PassProgress& progress) {
  Mapper mapper(plan, model);
  const SuiteImages& images = *plan.parts.at(0).images;
  const bool whole = image_pass(team, images, pass, [&](const ImageRows& rows) {
    mapper.add(rows);
    if (progress) progress(rows.count);
  });
  if (!whole) return std::nullopt;
  const std::vector<float> values = join_records(team, mapper.own_values);
  const std::vector<std::uint8_t> cells = join_records(team, mapper.own_cells);
  const std::vector<std::string>& more = plan.options.attention_of;
  const std::int64_t n = images.size(), patches = model.model().options.patches();
  return TokenMaps{more, at::tensor(values).view({n, channels_of(more), patches}),
                   at::tensor(cells, at::kByte).view({n, patches})};
}

NamedTensors to_tensors(const TokenMaps& maps) {
  return {{"values", maps.values}, {"cells", maps.cells}};
}

std::optional<TokenMaps> token_maps_from(const NamedTensors& tensors, const SuitePlan& plan, std::int64_t patches) {
  TokenMaps maps{plan.options.attention_of, {}, {}};
  for (const auto& [name, tensor] : tensors) (name == "values" ? maps.values : maps.cells) = tensor;
  const std::int64_t n = plan.images();
  const bool whole = tensors.size() == 2 && maps.values.defined() && maps.cells.defined() &&
                     maps.values.sizes() == at::IntArrayRef({n, channels_of(maps.attention_of), patches}) &&
                     maps.cells.sizes() == at::IntArrayRef({n, patches}) && maps.values.scalar_type() == at::kFloat &&
                     maps.cells.scalar_type() == at::kByte;
  return whole ? std::make_optional(std::move(maps)) : std::nullopt;
}

}  // namespace luvit
