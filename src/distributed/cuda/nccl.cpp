// Linked into the programs only, with torch's CUDA half.
#define USE_C10D_NCCL
#include <cstdlib>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

#include "../process_group.h"

namespace luvit {

c10::intrusive_ptr<c10d::Backend> nccl_backend(const c10::intrusive_ptr<c10d::Store>& store, const Place& place,
                                               std::chrono::seconds timeout) {
  // Left to itself, NCCL ends the process from a thread of its own, before the Watch can say which rank was lost.
  setenv("TORCH_NCCL_ASYNC_ERROR_HANDLING", "0", /*overwrite=*/0);
  const auto options = c10d::ProcessGroupNCCL::Options::create(/*is_high_priority_stream=*/true);
  options->timeout = timeout;
  return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, static_cast<int>(place.rank), static_cast<int>(place.ranks),
                                                     options);
}

}  // namespace luvit
