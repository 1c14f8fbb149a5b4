#include "luvit/eval/infer.h"

#include <ATen/ATen.h>

#include <cstdio>

#include "collected.h"
#include "infer_input.h"
#include "luvit/core/error.h"
#include "luvit/core/log.h"
#include "luvit/core/output_path.h"
#include "luvit/core/text.h"
#include "luvit/eval/analysis.h"
#include "luvit/eval/inference_model.h"
#include "luvit/eval/pictures.h"

namespace luvit {
namespace {

// PNGs are of what is emitted; where that has no picture, of what the model can show.
struct Drawn {
  bool reconstructions = false, maps = false;
};
Drawn what_to_draw(const InferOptions& options, ModelKind kind) {
  if (options.pictures.empty()) return {};
  const bool mae = options.emit.count("mae") != 0, entropy = options.emit.count("entropy") != 0;
  if (mae || entropy) return {.reconstructions = mae, .maps = entropy};
  return {.reconstructions = kind == ModelKind::pretraining, .maps = kind != ModelKind::pretraining};
}

Outputs to_compute(const InferOptions& options, const Drawn& drawn) {
  Outputs outputs = options.emit;
  if (drawn.reconstructions) outputs.insert("mae");
  if (drawn.maps) outputs.insert({"entropy", "encoder"});
  return outputs;
}

class Pictures {
 public:
  Pictures(fs::path folder, Drawn drawn, const OpenedModel& model)
      : folder_(std::move(folder)), drawn_(drawn), model_(model) {
    if (!folder_.empty()) file_layer().make_folder(folder_);
  }

  void draw(const InputBatch& batch, const Shown& shown, const InferInput& input) const {
    for (std::int64_t row = 0; row < batch.images.size(0) && (drawn_.reconstructions || drawn_.maps); ++row) {
      const auto one = [row](const at::Tensor& tensor) { return tensor.narrow(0, row, 1); };
      const std::int64_t index = batch.first + row;
      if (drawn_.reconstructions)
        write(index, input.name(index), "reconstruction",
              reconstruction_sheet(one(batch.images), one(shown.at("pred")), one(shown.at("mask")),
                                   model_.options.patch_size, model_.masking.norm_pix, model_.preprocess));
      if (drawn_.maps)
        write(index, input.name(index), "maps",
              map_sheet(one(batch.images), one(shown.at("entropy")), patch_norms(one(shown.at("encoder"))),
                        model_.preprocess));
    }
  }

 private:
  // 000012-cat.reconstruction.png: in the input's order, and distinct though two folders each have a cat.jpg.
  void write(std::int64_t index, const std::string& source, const char* what, const Image& image) const {
    char place[24];
    std::snprintf(place, sizeof place, "%06lld", static_cast<long long>(index));
    const std::string stem = fs::path(source).stem().string();
    write_durably(folder_ / str(place, stem.empty() ? "" : "-", stem, ".", what, ".png"), encode_png(image));
  }

  fs::path folder_;
  Drawn drawn_;
  const OpenedModel& model_;
};

Metadata metadata(const InferOptions& options, const InferInput& input) {
  if (options.images.empty()) return {};
  std::string paths;
  for (std::int64_t i = 0; i < input.size(); ++i) paths += str(i == 0 ? "[" : ", ", json_quote(input.name(i)));
  return {{"paths", paths + "]"}};
}

void report(const InferOptions& options, const NamedTensors& tensors) {
  std::vector<std::string> parts;
  for (const auto& [name, tensor] : tensors)
    parts.push_back(tensor.dim() == 0 ? str(name, " ", tensor.item<float>()) : luvit::str(name, " ", tensor.sizes()));
  log_info(str(escape(options.out.string()), ": ", join(parts, ", ")));
}

}  // namespace

void infer(const InferOptions& options) {
  if (options.images.empty() == options.tensors.empty())
    throw UsageError("one of --images and --tensors is needed, and only one");
  require_output_file("--out", options.out, {options.weights, options.tensors});
  const OpenedModel description = describe_model(options.weights);
  check_outputs(options.emit, description, options.weights.string());
  const Drawn drawn = what_to_draw(options, description.kind);
  const Outputs outputs = to_compute(options, drawn);
  const auto input = open_infer_input(options, description, /*noise_wanted=*/outputs.count("mae") != 0);
  const InferenceModel model(description, options.weights, options.compute, options.device);
  const Pictures pictures(options.pictures, drawn, description);

  Collected collected(options.emit, input->size());
  for (InputBatch batch; input->next(batch);) {
    const Shown shown = model(batch.images, batch.noise, outputs);
    collected.add(shown, batch.first);
    pictures.draw(batch, shown, *input);
  }
  const NamedTensors tensors = collected.tensors();
  write_safetensors(options.out, tensors, metadata(options, *input));
  report(options, tensors);
}

}  // namespace luvit
