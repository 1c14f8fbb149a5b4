#pragma once
#include <memory>

#include "luvit/eval/infer.h"

namespace luvit {

struct InputBatch {
  at::Tensor images;  // float32 [B,3,S,S], normalised
  at::Tensor noise;   // float32 [B,L]; undefined where none is needed
  std::int64_t first = 0;
};

// What luvit_infer runs over, batch by batch in order.
class InferInput {
 public:
  virtual ~InferInput() = default;
  virtual std::int64_t size() const = 0;
  virtual bool next(InputBatch& out) = 0;
  virtual std::string name(std::int64_t index) const = 0;  // a path; "" for a row of a tensor
};

// DataError where the input does not fit the model.
std::unique_ptr<InferInput> open_infer_input(const InferOptions& options, const OpenedModel& model, bool noise_wanted);

}  // namespace luvit
