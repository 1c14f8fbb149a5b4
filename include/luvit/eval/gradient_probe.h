#pragma once
#include <memory>

#include "luvit/core/random.h"
#include "luvit/data/dataset.h"
#include "luvit/distributed/team.h"
#include "luvit/io/safetensors.h"
#include "luvit/optim/gradient_noise.h"
#include "luvit/weights/model_file.h"

namespace luvit {

// The gradient signal-to-noise ratio of a finished model or a checkpoint, on images that are fixed: whoever measures
// with the same data and options sees the same images, masks and targets in the same micro-batches.

struct ProbeOptions {
  std::int64_t samples = 256;    // in a set; whole micro-batches
  std::int64_t sets = 4;         // disjoint ones, each giving an estimate of its own: intervals come of them
  std::int64_t micro_batch = 8;  // samples whose mean gradient is one draw; the estimates do not depend on it
  std::uint64_t seed = 0;        // which images, and MAE's masks, each a function of (seed, place of the image)
  double label_smoothing = 0;    // of a classifier's targets
  bool random_labels = false;    // a control: each label a function of (seed, place)
  at::ScalarType compute = at::kFloat;
  at::Device device = at::kCPU;
  std::int64_t workers = 1;
};

// Images of one set: place i of it is image `index(i)` of the data. The training order of another seed, cut up.
class ProbeImages : public Dataset {
 public:
  ProbeImages(const Dataset& data, const ProbeOptions& options, std::int64_t set);
  std::int64_t size() const override { return samples_; }
  std::int64_t index(std::int64_t place) const;
  void read(std::int64_t place, std::vector<std::uint8_t>& buffer) const override;
  Image image(std::int64_t place, std::vector<std::uint8_t>& buffer) const override;
  std::int64_t label(std::int64_t place) const override;
  std::string name(std::int64_t place) const override;
  const std::vector<std::string>& classes() const override { return data_.classes(); }

 private:
  const Dataset& data_;
  std::int64_t samples_, first_;
  Permutation order_;
};

struct ProbeResult {
  std::vector<TensorGsnr> tensors;  // trained ones, in the model's order
  GradientDraws draws;
  double loss = 0;  // mean over the set
};

// A model put before probe sets: centre crops by its own preprocessing, no branch dropped, nothing mixed, its loss that
// of pretraining (each image with a mask of its own) or classification.
class GradientProbe {
 public:
  // DataError for an encoder alone, which has no loss, and where data's classes are not the model's.
  GradientProbe(const fs::path& weights, const Dataset& data, ProbeOptions options);
  ~GradientProbe();

  // All ranks together, each on its share of the micro-batches. nullopt where a stop is asked for.
  std::optional<ProbeResult> measure(Team& team, std::int64_t set);
  // What the model is shown: images, noise or targets, index.
  NamedTensors shown(std::int64_t set);
  std::vector<NamedTensor> trained();

 private:
  struct Model;
  std::unique_ptr<Model> model_;
};

// Whether a data set is large enough, and the options go together: DataError or UsageError.
void require_probe(const ProbeOptions& options, std::int64_t samples, const std::string& data);

}  // namespace luvit
