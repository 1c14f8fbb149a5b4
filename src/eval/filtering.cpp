#include "filtering.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>

#include "luvit/core/random.h"
#include "luvit/models/initial_values.h"
#include "luvit/models/precision.h"
#include "luvit/statistics/paired.h"
#include "luvit/statistics/rank_correlation.h"
#include "mask_cells.h"

namespace luvit {
namespace {

constexpr std::int64_t tenths = 10;

std::vector<std::int64_t> evenly_spread(std::int64_t wanted, std::int64_t n) {
  std::vector<std::int64_t> places;
  const std::int64_t count = std::min(wanted, n);
  for (std::int64_t i = 0; i < count; ++i) places.push_back(i * n / count);
  return places;
}

at::Tensor permuted(const at::Tensor& values, std::uint64_t seed) {
  const at::Tensor from = values.flatten();
  const Permutation order(static_cast<std::uint64_t>(from.numel()), seed, /*epoch=*/0);
  const at::Tensor places = at::empty({from.numel()}, at::kLong);
  auto* place = places.mutable_data_ptr<std::int64_t>();
  at::parallel_for(0, from.numel(), 1 << 14, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      place[i] = static_cast<std::int64_t>(order(static_cast<std::uint64_t>(i)));
  });
  return from.index_select(0, places).view_as(values);
}

// The model's own fusion, LoRA, L1 and L2 included, with other values in its block's frozen tensors.
struct Control : Module {
  Control(const FilteringOf& of, const std::string& block) {
    const at::NoGradGuard no_gradients;
    const ModelOptions& options = of.description.options;
    fusion = make_fusion(options.dim, options.fusion);
    add("fusion", *fusion);  // initial values hang on a tensor's name in a model
    const std::vector<NamedTensor> given = of.model.model().fusion->named_tensors(), own = named_tensors();
    std::uint64_t seed = 0;
    for (std::size_t i = 0; i < own.size(); ++i) {
      *own[i].tensor = *given[i].tensor;
      if (own[i].role == Role::frozen && block == "permuted")
        *own[i].tensor = permuted(given[i].tensor->to(at::kCPU), seed++);
    }
    if (block == "random")
      initialise_frozen(*this, options,
                        {.seed = filtering_control_seed, .frozen_type = frozen_type(options.fusion, of.compute)});
    to_device(*this, of.device);
  }
  std::unique_ptr<Fusion> fusion;
};

// What is kept of each image, float32: z [T,D], the linear map's input [T,F], and of each block z' [T,D] and w [L].
struct Kept {
  std::int64_t tokens = 0, dim = 0, inputs = 0;
  std::int64_t patches() const { return tokens - 1; }
  std::int64_t of_block() const { return tokens * dim + patches(); }
  std::int64_t all() const { return tokens * (dim + inputs) + std::ssize(filtering_blocks) * of_block(); }
};

class Looker {
 public:
  Looker(const FilteringOf& of, std::vector<std::unique_ptr<Control>> controls)
      : of_(of), controls_(std::move(controls)) {
    const ModelOptions& options = of.description.options;
    // L1's output lies in a space of no more dimensions than z has: where L1 widens, the best map of z is the best map
    // of it, and a well-posed problem.
    narrow_ = options.fusion.dim < options.dim;
    kept = {options.patches() + 1, options.dim, narrow_ ? options.fusion.dim : options.dim};
  }

  void add(const ImageRows& rows) {
    const at::NoGradGuard no_gradients;
    Taps taps({last_block(), "l1", "l2", "attention.llm"});
    of_.model.features(rows.images, taps);
    const at::Tensor z = taps[last_block()];
    std::vector<at::Tensor> parts = {z, narrow_ ? taps["l1"] : z};
    add_block(taps, parts);
    const ComputeType compute(of_.compute);
    for (const auto& control : controls_) {
      Taps of_control({"l2", "attention.llm"});
      (*control->fusion)(z, &of_control);
      add_block(of_control, parts);
    }
    for (at::Tensor& part : parts) part = part.narrow(0, 0, rows.count).to(at::kCPU, at::kFloat).flatten(1);
    const at::Tensor joined = at::cat(parts, 1).contiguous();
    own.insert(own.end(), joined.const_data_ptr<float>(), joined.const_data_ptr<float>() + joined.numel());
  }

  Kept kept;
  std::vector<float> own;

 private:
  static void add_block(const Taps& taps, std::vector<at::Tensor>& parts) {
    const at::Tensor attention = taps["attention.llm"];
    const at::Tensor w = attention.select(2, 0).narrow(2, 1, attention.size(3) - 1).mean(1);
    parts.insert(parts.end(), {taps["l2"], w / w.sum(-1, /*keepdim=*/true)});
  }
  std::string last_block() const { return block_tap(of_.description.options.depth - 1); }

  const FilteringOf& of_;
  std::vector<std::unique_ptr<Control>> controls_;
  bool narrow_ = false;
};

// Sums of many terms have the same last bits on any number of threads if there is one.
class OneThread {
 public:
  OneThread() : before_(at::get_num_threads()) { at::set_num_threads(1); }
  ~OneThread() { at::set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

double norm_of(const at::Tensor& vector) {
  return vector.norm().item<double>();
}

std::vector<double> values_of(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.to(at::kDouble).contiguous();
  return {flat.const_data_ptr<double>(), flat.const_data_ptr<double>() + flat.numel()};
}

double mask_ratio(const std::vector<double>& amplification, const at::Tensor& cells) {
  double sum[2] = {0, 0}, n[2] = {0, 0};
  for (std::size_t i = 0; i < amplification.size(); ++i) {
    const auto cell = cells[static_cast<std::int64_t>(i)].item<std::uint8_t>();
    if (cell == ignored) continue;
    sum[cell] += amplification[i];
    n[cell] += 1;
  }
  if (n[foreground] == 0 || n[background] == 0) return std::nan("");
  return std::log(sum[foreground] / n[foreground] / (sum[background] / n[background]));
}

// Means over tenths of the patches in the order of their entropy, relative to the mean over all: [10].
at::Tensor profile_of(const std::vector<double>& amplification, const std::vector<double>& entropy) {
  std::vector<std::size_t> order(entropy.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return entropy[a] < entropy[b]; });
  const at::Tensor sums = at::zeros({tenths}, at::kDouble), counts = at::zeros({tenths}, at::kDouble);
  double all = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    const auto part = static_cast<std::int64_t>(rank) * tenths / std::ssize(order);
    sums[part] += amplification[order[rank]];
    counts[part] += 1;
    all += amplification[order[rank]];
  }
  return sums / counts / (all / static_cast<double>(order.size()));  // NaN where an image has fewer than ten patches
}

// All of one image and one block; z' [T,D], w [L], z [T,D], float64.
std::vector<double> figures_of(const at::Tensor& fused, const at::Tensor& w, const std::vector<double>& amplification,
                               const std::vector<double>& entropy, const at::Tensor& cells) {
  const at::Tensor cls = fused[0], patches = fused.narrow(0, 1, fused.size(0) - 1);
  const at::Tensor sum = at::matmul(w, patches), even = patches.mean(0);
  const double length = norm_of(cls);
  const auto rank = spearman(amplification, entropy);
  return {norm_of(cls - sum) / length, at::dot(cls, sum).item<double>() / (length * norm_of(sum)),
          norm_of(cls - even) / length, rank ? rank->rho : std::nan(""), mask_ratio(amplification, cells)};
}

class Figures {
 public:
  Figures(const Kept& kept, const std::vector<float>& values, const TokenMaps& maps, std::vector<std::int64_t> places)
      : kept_(kept), maps_(maps) {
    out_.places = std::move(places);
    const std::int64_t n = std::ssize(out_.places);
    all_ = at::from_blob(const_cast<float*>(values.data()), {n, kept.all()}, at::kFloat);
    const std::int64_t blocks = std::ssize(filtering_blocks);
    out_.images = at::empty({n, blocks, FilteringFigures::columns}, at::kDouble);
    out_.linear_r2 = at::empty({blocks, 3}, at::kDouble);
    out_.profile = at::empty({blocks, tenths, 2}, at::kDouble);
  }

  FilteringFigures take() {
    for (std::int64_t block = 0; block < std::ssize(filtering_blocks); ++block) {
      look_at_images(block);
      out_.linear_r2[block].copy_(r2_of(block));
    }
    return std::move(out_);
  }

 private:
  at::Tensor part(std::int64_t from, at::IntArrayRef shape) const {  // [n, shape…], float64
    std::vector<std::int64_t> whole = {all_.size(0)};
    whole.insert(whole.end(), shape.begin(), shape.end());
    return all_.narrow(1, from, c10::multiply_integers(shape)).to(at::kDouble).reshape(whole);
  }
  at::Tensor before() const { return part(0, {kept_.tokens, kept_.dim}); }
  at::Tensor inputs() const { return part(kept_.tokens * kept_.dim, {kept_.tokens, kept_.inputs}); }
  std::int64_t start_of(std::int64_t block) const {
    return kept_.tokens * (kept_.dim + kept_.inputs) + block * kept_.of_block();
  }
  at::Tensor after(std::int64_t block) const { return part(start_of(block), {kept_.tokens, kept_.dim}); }
  at::Tensor weights(std::int64_t block) const {
    return part(start_of(block) + kept_.tokens * kept_.dim, {kept_.patches()});
  }

  void look_at_images(std::int64_t block) {
    const at::Tensor z = before(), fused = after(block), w = weights(block);
    const at::Tensor ratio = (fused.norm(2, {2}) / z.norm(2, {2})).narrow(1, 1, kept_.patches());
    std::vector<at::Tensor> profiles;
    for (std::int64_t i = 0; i < z.size(0); ++i) {
      const std::int64_t place = out_.places[static_cast<std::size_t>(i)];
      const std::vector<double> amplification = values_of(ratio[i]);
      const std::vector<double> entropy = values_of(maps_.values[place][TokenMaps::entropy]);
      const auto found = figures_of(fused[i], w[i], amplification, entropy, maps_.cells[place]);
      out_.images[i][block].copy_(at::tensor(found, at::kDouble));
      profiles.push_back(profile_of(amplification, entropy));
    }
    const at::Tensor all = at::stack(profiles);
    out_.profile[block].select(1, 0).copy_(all.mean(0));
    const double root = std::sqrt(static_cast<double>(all.size(0)));
    if (all.size(0) > 1)
      out_.profile[block].select(1, 1).copy_(all.std(0) / root);
    else
      out_.profile[block].select(1, 1).fill_(std::nan(""));
  }

  // Value and ends, [3].
  at::Tensor r2_of(std::int64_t block) const {
    const at::Tensor place = at::arange(all_.size(0), at::kLong), fit = place.index({place.remainder(2).eq(0)}),
                     held_out = place.index({place.remainder(2).eq(1)});
    const at::Tensor x = inputs(), y = after(block);
    const auto errors = linear_errors(x.index_select(0, fit), y.index_select(0, fit), x.index_select(0, held_out),
                                      y.index_select(0, held_out));
    if (!errors) return at::full({3}, std::nan(""), at::kDouble);
    const std::vector<double> left = values_of(errors->left), all = values_of(errors->all);
    std::vector<Cluster> images;
    for (std::size_t i = 0; i < left.size(); ++i) images.push_back({left[i], all[i]});
    const double ratio = errors->left.sum().item<double>() / errors->all.sum().item<double>();
    Interval unexplained{std::nan(""), std::nan("")};
    if (images.size() > 1) unexplained = bootstrap_interval(std::move(images));
    return at::tensor({1 - ratio, 1 - unexplained.high, 1 - unexplained.low}, at::kDouble);
  }

  const Kept& kept_;
  const TokenMaps& maps_;
  at::Tensor all_;
  FilteringFigures out_;
};

std::vector<std::unique_ptr<Control>> make_controls(const FilteringOf& of) {
  std::vector<std::unique_ptr<Control>> controls;
  for (std::size_t i = 1; i < filtering_blocks.size(); ++i)
    controls.push_back(std::make_unique<Control>(of, filtering_blocks[i]));
  return controls;
}

}  // namespace

std::optional<LinearErrors> linear_errors(const at::Tensor& x, const at::Tensor& y, const at::Tensor& held_out_x,
                                          const at::Tensor& held_out_y) {
  if (x.size(0) * x.size(1) <= x.size(2) + 1 || held_out_x.size(0) == 0) return std::nullopt;
  const auto with_one = [](const at::Tensor& tokens) {
    const at::Tensor rows = tokens.flatten(0, 1);
    return at::cat({rows, at::ones({rows.size(0), 1}, rows.options())}, 1);
  };
  const at::Tensor map = std::get<0>(at::linalg_lstsq(with_one(x), y.flatten(0, 1), /*rcond=*/std::nullopt, "gelsd"));
  const at::Tensor error = held_out_y - at::matmul(with_one(held_out_x), map).view_as(held_out_y);
  const at::Tensor about_mean = held_out_y - held_out_y.mean({0, 1}, /*keepdim=*/true);
  LinearErrors errors{error.square().sum({1, 2}), about_mean.square().sum({1, 2})};
  return errors.all.sum().item<double>() > 0 ? std::make_optional(std::move(errors)) : std::nullopt;
}

std::optional<FilteringFigures> measure_filtering(Team& team, const FilteringOf& of, const TokenMaps& maps,
                                                  const ImagePassOptions& pass) {
  const SuiteImages& images = *of.plan.parts.at(0).images;
  const std::vector<std::int64_t> places = evenly_spread(of.plan.options.filtering, images.size());
  std::vector<SuiteImages::Labelled> chosen;
  for (const std::int64_t place : places) chosen.push_back({images.path(place), images.label(place)});
  const SuiteImages some(of.plan.options.data, std::move(chosen));
  std::vector<std::unique_ptr<Control>> controls;
  team.together([&] { controls = make_controls(of); });
  Looker looker(of, std::move(controls));
  if (!image_pass(team, some, pass, [&](const ImageRows& rows) { looker.add(rows); })) return std::nullopt;
  const std::vector<float> values = join_records(team, looker.own);
  FilteringFigures figures;
  team.together([&] {
    const OneThread same_bits;
    if (team.leads()) figures = Figures(looker.kept, values, maps, places).take();
  });
  return figures;
}

NamedTensors to_tensors(const FilteringFigures& figures) {
  return {{"places", at::tensor(figures.places, at::kLong)},
          {"images", figures.images},
          {"linear_r2", figures.linear_r2},
          {"profile", figures.profile}};
}

std::optional<FilteringFigures> filtering_from(const NamedTensors& tensors, std::int64_t images) {
  FilteringFigures figures;
  for (const auto& [name, tensor] : tensors) {
    if (name == "places")
      for (const double place : values_of(tensor)) figures.places.push_back(static_cast<std::int64_t>(place));
    if (name == "images") figures.images = tensor;
    if (name == "linear_r2") figures.linear_r2 = tensor;
    if (name == "profile") figures.profile = tensor;
  }
  const std::int64_t n = std::ssize(figures.places), blocks = std::ssize(filtering_blocks);
  const bool whole = n > 0 && figures.places.back() < images && figures.images.defined() &&
                     figures.images.sizes() == at::IntArrayRef({n, blocks, FilteringFigures::columns}) &&
                     figures.linear_r2.defined() && figures.linear_r2.sizes() == at::IntArrayRef({blocks, 3}) &&
                     figures.profile.defined() && figures.profile.sizes() == at::IntArrayRef({blocks, tenths, 2});
  return whole ? std::make_optional(std::move(figures)) : std::nullopt;
}

}  // namespace luvit
