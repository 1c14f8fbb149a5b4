#pragma once
#include <optional>
#include <string>

#include "luvit/data/image.h"
#include "luvit/io/safetensors.h"
#include "luvit/models/module.h"
#include "luvit/optim/parameter_groups.h"

namespace luvit {

// One step's data of this rank, on the host. The tensors are a loader's buffers: they stay whole until the
// second batch after this one is asked for.
struct StepBatch {
  NamedTensors tensors;  // as --dump-batches writes them: images, noise, …, index
  std::int64_t rows = 0;
  std::int64_t step = 0;  // from 1
};

struct Evaluation {
  std::string suite;
  std::vector<std::pair<std::string, double>> figures;  // in the order they are written
  std::int64_t n = 0;
};

// What the loop is generic over: pretraining, and later classification and detection.
class Task {
 public:
  virtual ~Task() = default;
  virtual Module& model() = 0;
  virtual Stage stage() const = 0;
  virtual std::int64_t steps_per_epoch() const = 0;

  // Begins to load the batches of steps first … last (counted from 1).
  virtual void start(std::int64_t first, std::int64_t last) = 0;
  virtual StepBatch next_batch() = 0;
  virtual double waited_seconds() const = 0;  // for data, since start

  // Mean loss over rows first … first+count of a batch, [] on the device; nothing is read back.
  virtual at::Tensor loss(const StepBatch& batch, std::int64_t first, std::int64_t count) = 0;

  // On data.val, by all ranks together; nullopt without one, and where a stop is asked for in the middle.
  virtual std::optional<Evaluation> evaluate() = 0;
  // An example for TensorBoard.
  virtual std::optional<Image> picture() { return std::nullopt; }
  // The final export.
  virtual void save(const fs::path& path) = 0;
};

}  // namespace luvit
