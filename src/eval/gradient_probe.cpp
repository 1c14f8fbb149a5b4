#include "luvit/eval/gradient_probe.h"

#include <ATen/ATen.h>

#include "image_pass.h"
#include "luvit/core/error.h"
#include "luvit/core/random.h"
#include "luvit/core/signals.h"
#include "luvit/core/text.h"
#include "luvit/eval/inference_model.h"
#include "luvit/eval/pictures.h"
#include "luvit/models/initial_values.h"
#include "luvit/models/precision.h"
#include "model_classes.h"

namespace luvit {
namespace {

// Classes of the data as the model numbers them.
std::vector<std::int64_t> numbers_of(const OpenedModel& model, const Dataset& data) {
  std::string meaning;
  const FolderLabels labels = ModelClasses(model).names("gsnr", meaning);
  std::vector<std::int64_t> numbers;
  for (const std::string& name : data.classes()) {
    const auto found = labels.find(name);
    if (found == labels.end())
      throw DataError(str("--data: class ", escape(name), " is not ", meaning),
                      "labels are matched by the class folders' names");
    numbers.push_back(found->second);
  }
  return numbers;
}

}  // namespace

void require_probe(const ProbeOptions& options, std::int64_t samples, const std::string& data) {
  if (options.samples % options.micro_batch != 0)
    throw UsageError(str("--samples ", options.samples, " is not a multiple of --micro-batch ", options.micro_batch),
                     "a set is made of whole micro-batches");
  if (options.samples / options.micro_batch < 8)
    throw UsageError(str("--samples ", options.samples, " in micro-batches of ", options.micro_batch, " are ",
                         options.samples / options.micro_batch, " draws; at least 8 are needed"),
                     "raise --samples or lower --micro-batch");
  if (options.samples * options.sets > samples)
    throw DataError(str(escape(data), ": ", samples, " images are fewer than ", options.sets, " sets of ",
                        options.samples, " need"),
                    "lower --samples or --sets, or name more data");
}

ProbeImages::ProbeImages(const Dataset& data, const ProbeOptions& options, std::int64_t set)
    : data_(data),
      samples_(options.samples),
      first_(set * options.samples),
      order_(static_cast<std::uint64_t>(data.size()), options.seed, /*epoch=*/0) {}

std::int64_t ProbeImages::index(std::int64_t place) const {
  return static_cast<std::int64_t>(order_(static_cast<std::uint64_t>(first_ + place)));
}

void ProbeImages::read(std::int64_t place, std::vector<std::uint8_t>& buffer) const {
  data_.read(index(place), buffer);
}
Image ProbeImages::image(std::int64_t place, std::vector<std::uint8_t>& buffer) const {
  return data_.image(index(place), buffer);
}
std::int64_t ProbeImages::label(std::int64_t place) const {
  return data_.label(index(place));
}
std::string ProbeImages::name(std::int64_t place) const {
  return data_.name(index(place));
}

struct GradientProbe::Model {
  const Dataset& data;
  ProbeOptions options;
  OpenedModel description;
  std::vector<std::int64_t> numbers;  // of the data's classes
  std::unique_ptr<Encoder> net;       // a MaskedAutoencoder or a Classifier

  bool masks() const { return description.kind == ModelKind::pretraining; }

  // [count,L]: MAE's noise.
  at::Tensor noise(const ProbeImages& images, std::int64_t first, std::int64_t count) const {
    std::vector<at::Tensor> rows;
    for (std::int64_t row = 0; row < count; ++row)
      rows.push_back(evaluation_noise(options.seed, images.index(first + row), 1, description.options.patches()));
    return at::cat(rows);
  }

  std::int64_t label(const ProbeImages& images, std::int64_t place) const {
    if (!options.random_labels) return numbers.at(static_cast<std::size_t>(images.label(place)));
    const auto sample = static_cast<std::uint64_t>(images.index(place));
    return static_cast<std::int64_t>(Random(options.seed, /*epoch=*/0, sample, Purpose::probe_label)
                                         .below(static_cast<std::uint64_t>(description.options.classes)));
  }

  // [count,classes], smoothed.
  at::Tensor targets(const ProbeImages& images, std::int64_t first, std::int64_t count) const {
    const std::int64_t classes = description.options.classes;
    const double rest = options.label_smoothing / static_cast<double>(classes);
    const at::Tensor targets = at::full({count, classes}, rest, at::kFloat);
    for (std::int64_t row = 0; row < count; ++row)
      targets[row][label(images, first + row)] += 1 - options.label_smoothing;
    return targets;
  }

  // Mean over the rows.
  at::Tensor loss(const ProbeImages& images, const ImageRows& rows) const {
    const at::Tensor pixels = rows.images.to(options.device, /*non_blocking=*/true);
    const ComputeType compute(options.compute);
    if (masks())
      return dynamic_cast<const MaskedAutoencoder&>(*net).loss(
          pixels, noise(images, rows.first, rows.count).to(options.device));
    const at::Tensor logits = dynamic_cast<const Classifier&>(*net)(pixels);
    return soft_cross_entropy(logits, targets(images, rows.first, rows.count).to(options.device));
  }
};

GradientProbe::GradientProbe(const fs::path& weights, const Dataset& data, ProbeOptions options)
    : model_(new Model{data, options, describe_model(weights), {}, nullptr}) {
  if (model_->description.kind == ModelKind::encoder)
    throw DataError(str(escape(weights.string()), ": an encoder alone has no loss, so no gradient"),
                    "name a pretraining model (with its decoder) or a classifier");
  if (!model_->masks() && !options.random_labels) model_->numbers = numbers_of(model_->description, data);
  model_->net = make_model(model_->description);
  load_model(*model_->net, weights, frozen_type(model_->description.options.fusion, options.compute));
  to_device(*model_->net, options.device);
  model_->net->train(false);
}

GradientProbe::~GradientProbe() = default;

std::vector<NamedTensor> GradientProbe::trained() {
  return model_->net->trained_tensors();
}

std::optional<ProbeResult> GradientProbe::measure(Team& team, std::int64_t set) {
  const ProbeImages images(model_->data, model_->options, set);
  const ProbeOptions& options = model_->options;
  const std::vector<NamedTensor> parameters = trained();
  GradientNoise noise(parameters);
  const at::Tensor loss_sum = at::zeros({}, at::TensorOptions(at::kDouble).device(options.device));
  const auto release = [&] {
    for (const NamedTensor& named : parameters) named.tensor->mutable_grad().reset();
  };
  const ImagePassOptions pass{.view = view_of(model_->description.preprocess),
                              .batch = options.micro_batch,
                              .at_once = options.micro_batch,
                              .workers = options.workers,
                              .stop = stop_requested};
  const bool whole = image_pass(team, images, pass, [&](const ImageRows& rows) {
    release();
    const at::Tensor loss = model_->loss(images, rows);
    loss.backward();
    noise.add(rows.count);
    loss_sum.add_(loss.detach().to(at::kDouble) * static_cast<double>(rows.count));
  });
  release();
  if (!whole) return std::nullopt;
  noise.merge([&](const at::Tensor& values) { team.ranks().sum(values); });
  team.ranks().sum(loss_sum);
  const GradientDraws draws = noise.draws();
  const double loss = loss_sum.item<double>() / static_cast<double>(draws.samples);
  return ProbeResult{noise.finish(), draws, loss};
}

NamedTensors GradientProbe::shown(std::int64_t set) {
  const ProbeImages images(model_->data, model_->options, set);
  Team alone;
  std::vector<at::Tensor> pixels;
  const ImagePassOptions pass{.view = view_of(model_->description.preprocess),
                              .batch = model_->options.micro_batch,
                              .at_once = model_->options.micro_batch,
                              .workers = model_->options.workers};
  image_pass(alone, images, pass, [&](const ImageRows& rows) { pixels.push_back(rows.images.clone()); });
  const at::Tensor index = at::empty({images.size()}, at::kLong);
  for (std::int64_t i = 0; i < images.size(); ++i) index[i] = images.index(i);
  NamedTensors out = {{"images", at::cat(pixels)}, {"index", index}};
  if (model_->masks())
    out.emplace_back("noise", model_->noise(images, 0, images.size()));
  else
    out.emplace_back("targets", model_->targets(images, 0, images.size()));
  return out;
}

}  // namespace luvit
