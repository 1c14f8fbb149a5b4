#include "infer_input.h"

#include <ATen/ATen.h>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/data/evaluation_reader.h"
#include "luvit/eval/image_list.h"
#include "luvit/eval/inference_model.h"
#include "luvit/eval/pictures.h"

namespace luvit {
namespace {

// A tensor of a file, of the shape that is expected; -1 stands for any size.
at::Tensor read_expected(const SafetensorsFile& file, const std::string& name, const std::vector<std::int64_t>& shape,
                         const std::string& expected) {
  for (const TensorInfo& info : file.tensors()) {
    if (info.name != name) continue;
    bool fits = info.type == at::kFloat && info.shape.size() == shape.size();
    for (std::size_t i = 0; fits && i < shape.size(); ++i) fits = shape[i] < 0 || info.shape[i] == shape[i];
    if (fits) return file.read(name);
    throw DataError(luvit::str(file.path(), ": tensor ", name, " is ", c10::toString(info.type), " ",
                               at::IntArrayRef(info.shape), ", expected Float ", expected));
  }
  throw DataError(str(file.path(), ": no tensor ", name, "; expected Float ", expected));
}

class TensorInput : public InferInput {
 public:
  TensorInput(const InferOptions& options, const OpenedModel& model, bool noise_wanted) : batch_(options.batch) {
    const SafetensorsFile file(options.tensors);
    const std::int64_t side = model.options.image_size, patches = model.options.patches();
    images_ = read_expected(file, "images", {-1, 3, side, side},
                            str("[B, 3, ", side, ", ", side, "], the model's image_size"));
    if (size() == 0) throw DataError(str(file.path(), ": tensor images holds no image"));
    if (!noise_wanted) return;
    noise_ = file.has("noise")
                 ? read_expected(file, "noise", {size(), patches},
                                 str("[", size(), ", ", patches, "], a number for each patch of each image"))
                 : evaluation_noise(options.seed, 0, size(), patches);
  }
  std::int64_t size() const override { return images_.size(0); }
  std::string name(std::int64_t) const override { return ""; }
  bool next(InputBatch& out) override {
    const std::int64_t count = std::min(batch_, size() - first_);
    if (count == 0) return false;
    out = {.images = images_.narrow(0, first_, count),
           .noise = noise_.defined() ? noise_.narrow(0, first_, count) : at::Tensor(),
           .first = first_};
    first_ += count;
    return true;
  }

 private:
  std::int64_t batch_, first_ = 0;
  at::Tensor images_, noise_;
};

class ImageInput : public InferInput {
 public:
  ImageInput(const InferOptions& options, const OpenedModel& model, bool noise_wanted)
      : seed_(options.seed),
        patches_(noise_wanted ? model.options.patches() : 0),
        dataset_(open_images(options.images)) {
    const EvaluationView view = view_of(model.preprocess);
    if (view.crop != model.options.image_size)
      throw DataError(str(options.weights.string(), ": luvit.preprocess cuts images to ", view.crop,
                          ", its model takes ", model.options.image_size));
    reader_ = std::make_unique<EvaluationReader>(*dataset_, view, options.workers, options.batch, 0, size());
  }
  std::int64_t size() const override { return dataset_->size(); }
  std::string name(std::int64_t index) const override { return dataset_->name(index); }
  bool next(InputBatch& out) override {
    EvaluationReader::Batch batch;
    if (!reader_->next(batch)) return false;
    out = {.images = batch.images, .first = batch.first};
    if (patches_ > 0) out.noise = evaluation_noise(seed_, batch.first, batch.images.size(0), patches_);
    return true;
  }

 private:
  std::uint64_t seed_;
  std::int64_t patches_;  // 0: no noise wanted
  std::unique_ptr<Dataset> dataset_;
  std::unique_ptr<EvaluationReader> reader_;  // after what it reads from
};

}  // namespace

std::unique_ptr<InferInput> open_infer_input(const InferOptions& options, const OpenedModel& model, bool noise_wanted) {
  if (!options.images.empty()) return std::make_unique<ImageInput>(options, model, noise_wanted);
  return std::make_unique<TensorInput>(options, model, noise_wanted);
}

}  // namespace luvit
