#include <ATen/ATen.h>

#include <cstring>
#include <thread>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/comm.hpp>

#include "collectives.h"
#include "gradient_reduction.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/distributed/ranks.h"
#include "names.h"

namespace luvit {

void Collectives::failed(const char* what, const std::exception& error) const {
  std::this_thread::sleep_for(std::chrono::seconds(2));
  throw RunError(
      luvit::str("rank ", rank, " of ", size, ": ", what, " with the other ranks failed: ", first_line(error)),
      "another rank has probably ended: see its own output");
}

namespace {

constexpr std::size_t broadcast_bytes = 250 << 20;  // as many tensors travel together

class GroupRanks : public Ranks {
 public:
  GroupRanks(Group group, std::int64_t rank, std::int64_t size, at::Device device)
      : all_(std::make_shared<Collectives>(std::move(group), rank, size, device)) {}

  std::int64_t rank() const override { return all_->rank; }
  std::int64_t size() const override { return all_->size; }

  void broadcast(at::TensorList tensors) override {
    const at::NoGradGuard no_gradients;
    all_->timed("a broadcast", [&] { c10d::broadcast_coalesced(all_->group.group, tensors, broadcast_bytes, 0); });
  }

  at::Tensor gather(const at::Tensor& own) override {
    std::vector<std::int64_t> shape = own.sizes().vec();
    shape.insert(shape.begin(), size());
    return gather_flat(own).view(shape);
  }

  void sum(const at::Tensor& values) override {
    const at::NoGradGuard no_gradients;
    TORCH_CHECK(values.is_contiguous(), "sum: values must be contiguous");
    std::vector<at::Tensor> tensors{values.detach()};
    all_->timed("a sum", [&] { all_->group.backend->allreduce(tensors, {})->wait(); });
  }

  at::Tensor join_shards(const at::Tensor& own) override { return gather_flat(own); }

  std::vector<std::string> gather_text(const std::string& own) override;

  void wait_for_all() override {
    all_->timed("a meeting", [&] { all_->group.backend->barrier({})->wait(); });
  }

  std::unique_ptr<GradientReduction> reduce_gradients(const std::vector<at::Tensor>& parameters,
                                                      Compression compression) override {
    return make_gradient_reduction(all_, parameters, compression);
  }

  double waited_seconds() const override { return all_->clock.seconds(); }
  bool waiting() const override { return all_->clock.waiting(); }

 private:
  at::Tensor gather_flat(const at::Tensor& own) {
    const at::NoGradGuard no_gradients;
    at::Tensor values = own.detach().contiguous().view(-1);
    at::Tensor all = at::empty({size() * values.numel()}, values.options());
    if (values.numel() > 0)
      all_->timed("a gather", [&] { all_->group.backend->_allgather_base(all, values, {})->wait(); });
    return all;
  }

  std::shared_ptr<Collectives> all_;
};

std::vector<std::string> GroupRanks::gather_text(const std::string& own) {
  const auto on_device = at::TensorOptions().device(all_->device);
  const at::Tensor length = at::full({}, static_cast<std::int64_t>(own.size()), on_device.dtype(at::kLong));
  const at::Tensor lengths = gather(length).cpu();
  const std::int64_t longest = lengths.max().item<std::int64_t>();
  at::Tensor bytes = at::zeros({longest}, at::kByte);
  std::memcpy(bytes.mutable_data_ptr(), own.data(), own.size());
  const at::Tensor all = gather(bytes.to(all_->device)).cpu();
  std::vector<std::string> texts;
  for (std::int64_t rank = 0; rank < size(); ++rank)
    texts.emplace_back(static_cast<const char*>(all[rank].const_data_ptr()), lengths[rank].item<std::int64_t>());
  return texts;
}

}  // namespace

std::unique_ptr<Ranks> join_ranks(const Place& place, const RanksOptions& options) {
  if (place.ranks == 1) return one_rank();
  return std::make_unique<GroupRanks>(join_group(place, options.device, options.timeout), place.rank, place.ranks,
                                      options.device);
}

std::unique_ptr<Ranks> planned_ranks(std::int64_t rank, std::int64_t size) {
  return std::make_unique<GroupRanks>(planned_group(rank, size), rank, size, at::kCPU);
}

}  // namespace luvit
