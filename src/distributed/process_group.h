#pragma once
#include <chrono>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>

#include "luvit/distributed/place.h"

namespace luvit {

// What carries tensors between ranks: c10d's backends, each made in a file of its own, for its headers' sake.
struct Group {
  c10::intrusive_ptr<c10d::Backend> backend;
  c10::intrusive_ptr<c10d::ProcessGroup> group;  // the same, as c10d's Reducer wants it
};

Group join_group(const Place& place, at::Device device, std::chrono::seconds timeout);
Group planned_group(std::int64_t rank, std::int64_t size);
Group group_of_planned(c10::intrusive_ptr<c10d::Backend> backend);

c10::intrusive_ptr<c10d::Backend> gloo_backend(const c10::intrusive_ptr<c10d::Store>& store, const Place& place,
                                               const std::string& own_address, std::chrono::seconds timeout);
// In the programs only (they are linked with torch's CUDA half): elsewhere null.
[[gnu::weak]] c10::intrusive_ptr<c10d::Backend> nccl_backend(const c10::intrusive_ptr<c10d::Store>& store,
                                                             const Place& place, std::chrono::seconds timeout);

}  // namespace luvit
