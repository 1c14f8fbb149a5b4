#include "luvit/train/pretraining.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <exception>

#include "luvit/core/error.h"
#include "luvit/core/signals.h"
#include "luvit/eval/inference_model.h"
#include "luvit/eval/pictures.h"
#include "luvit/models/dropout.h"
#include "luvit/models/precision.h"
#include "luvit/train/deferred.h"

namespace luvit {

namespace {

bool any(const std::vector<double>& flags) {
  return std::any_of(flags.begin(), flags.end(), [](double flag) { return flag != 0; });
}

LoaderOptions loading(const PretrainConfig& config, const TaskParts& parts) {
  LoaderOptions options = loader_options(config, parts);
  options.augment = only_crop(config.augment);
  return options;
}

}  // namespace

Pretraining::Pretraining(const PretrainConfig& config, const TaskParts& parts)
    : LoadedTask(config, parts, loading(config, parts)),
      model_(config.model, config.mae),
      description_{.kind = ModelKind::pretraining,
                   .options = config.model,
                   .masking = config.mae,
                   .preprocess = training_preprocess(config)} {}

StepBatch Pretraining::next_batch() {
  const Batch& batch = next();
  return {{{"images", batch.images}, {"noise", batch.noise}, {"index", batch.index}}, batch.images.size(0), batch.step};
}

StepBatch Pretraining::stand_in_batch(std::int64_t rows) const {
  const std::int64_t side = model_.options.image_size;
  return {{{"images", repeated_zeros(rows, {3, side, side})},
           {"noise", repeated_zeros(rows, {model_.options.patches()})},
           {"index", at::zeros({rows}, at::kLong)}},
          rows,
          /*step=*/1};
}

at::Tensor Pretraining::loss(const StepBatch& batch, std::int64_t first, std::int64_t count) {
  with_.team.alive();
  const auto rows_of = [&](const char* name) { return on_device(batch[name].narrow(0, first, count)); };
  const std::int64_t* samples = batch["index"].const_data_ptr<std::int64_t>() + first;
  const DropoutDraws draws(seed_, epoch_of(batch.step), {samples, samples + count});
  const ComputeType compute(compute_type(precision_));
  return objective(rows_of("images"), rows_of("noise"), batch.step);
}

at::Tensor Pretraining::objective(const at::Tensor& images, const at::Tensor& noise, std::int64_t /*step*/) {
  return model_.loss(images, noise);
}

// Each rank takes a stretch of data.val; the tail is counted once, by whoever has it.
std::optional<Evaluation> Pretraining::evaluate() {
  if (!with_.val) return std::nullopt;
  const at::NoGradGuard no_gradients;
  const at::Tensor sum = at::zeros({}, at::TensorOptions(at::kDouble).device(with_.device));
  bool whole = true;
  with_.team.together([&] { whole = evaluate_own(sum); });
  if (!whole) return std::nullopt;
  with_.team.ranks().sum(sum);
  const auto n = with_.val->size();
  return Evaluation{"val", {{"loss", sum.item<double>() / static_cast<double>(n)}}, n};
}

// In as many rounds on all ranks. That one of them is asked to stop, or cannot go on, goes round with each and is acted
// on a round later, so that nobody waits for the device.
bool Pretraining::evaluate_own(const at::Tensor& sum) {
  const ComputeType compute(compute_type(precision_));
  const std::int64_t n = with_.val->size(), rank = with_.team.rank(), ranks = with_.team.size(),
                     most = with_.evaluation_batch;
  std::optional<EvaluationReader> reader;
  EvaluationReader::Batch batch;
  std::exception_ptr failure;
  bool over = false;
  std::optional<Deferred> before;
  const std::int64_t longest = (n + ranks - 1) / ranks, rounds = (longest + most - 1) / most;
  for (std::int64_t round = 0; round < rounds && !over; ++round) {
    with_.team.alive();
    try {
      if (!reader && !failure)
        reader.emplace(*with_.val, view_of(description_.preprocess), with_.workers, most, n * rank / ranks,
                       n * (rank + 1) / ranks);
      if (!failure && reader->next(batch)) sum.add_(loss_of(batch));
    } catch (...) {
      failure = std::current_exception();
    }
    const double ends = failure || stop_requested() ? 1 : 0;
    Deferred now({with_.team.ranks().gather(at::full({1}, ends, sum.options().dtype(at::kFloat)))});
    if (before) over = any(before->read());
    before.emplace(std::move(now));
  }
  if (failure) std::rethrow_exception(failure);
  return !over;
}

// Summed over the images, float64 [].
at::Tensor Pretraining::loss_of(const EvaluationReader::Batch& batch) {
  const std::int64_t rows = batch.images.size(0);
  const at::Tensor noise = evaluation_noise(seed_, batch.first, rows, model_.options.patches());
  const at::Tensor loss = model_.loss(batch.images.to(with_.device, true), noise.to(with_.device, true));
  return loss.to(at::kDouble) * static_cast<double>(rows);
}

// The first readable images of data.val, else of data.train: original, masked, reconstructed.
std::optional<Image> Pretraining::picture() {
  const Dataset& shown = with_.val ? *with_.val : *with_.train;
  const at::NoGradGuard no_gradients;
  const ComputeType compute(compute_type(precision_));
  const std::int64_t wanted = std::min<std::int64_t>(with_.evaluation_batch, 8);
  const std::int64_t tried = std::min(shown.size(), 16 * wanted);
  std::vector<at::Tensor> found, noises;
  for (std::int64_t i = 0; i < tried && std::ssize(found) < wanted; ++i) try {
      EvaluationReader reader(shown, view_of(description_.preprocess), /*workers=*/1, /*batch=*/1, i, i + 1);
      EvaluationReader::Batch batch;
      reader.next(batch);
      found.push_back(batch.images);
      noises.push_back(evaluation_noise(seed_, i, 1, model_.options.patches()));
    } catch (const DataError&) {  // training and evaluation tell about it
      if (i + 1 == tried && found.empty()) throw;
    }
  const at::Tensor images = at::cat(found), noise = at::cat(noises);
  const MaeOutput out = model_(images.to(with_.device), noise.to(with_.device));
  return reconstruction_sheet(images, out.pred.to(at::kCPU, at::kFloat), out.mask.to(at::kCPU),
                              model_.options.patch_size, model_.masking.norm_pix, description_.preprocess);
}

}  // namespace luvit
