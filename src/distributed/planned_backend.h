#pragma once
#include <torch/csrc/distributed/c10d/Backend.hpp>

namespace luvit {

// A rank among others that exist in name only and are taken to hold what this one holds. Nothing is sent.
class PlannedBackend : public c10d::Backend {
 public:
  using Work = c10::intrusive_ptr<c10d::Work>;
  PlannedBackend(int rank, int size) : c10d::Backend(rank, size) {}
  const std::string getBackendName() const override { return "planned"; }

  Work broadcast(std::vector<at::Tensor>& tensors, const c10d::BroadcastOptions&) override;
  Work allreduce(std::vector<at::Tensor>& tensors, const c10d::AllreduceOptions& options) override;
  Work _allgather_base(at::Tensor& all, at::Tensor& own, const c10d::AllgatherOptions&) override;
  Work barrier(const c10d::BarrierOptions&) override;
};

}  // namespace luvit
