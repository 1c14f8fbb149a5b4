// c10d's Reducer, whose constructor changes between torch's versions: seen in this file only.
#include "gradient_reduction.h"

#include <torch/csrc/autograd/engine.h>

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/reducer.hpp>

namespace luvit {

namespace {

using Future = c10::intrusive_ptr<c10::ivalue::Future>;

// Bytes of the first bucket and the others: a small one first, so that sending begins early.
constexpr std::int64_t first_bucket = c10d::kDefaultFirstBucketBytes, other_buckets = c10d::kDefaultBucketBytesCap;

// Sends each bucket once backward has filled it. What backward leaves to wait for is waited for at its very end,
// before the Reducer itself would do so, to be timed.
class SendBucket : public c10d::CommHookInterface {
 public:
  SendBucket(std::shared_ptr<Collectives> all, Compression compression)
      : all_(std::move(all)), compression_(compression) {}

  Future runHook(c10d::GradBucket& bucket) override {
    const at::Tensor& gradients = bucket.getBufferRef();
    std::vector<at::Tensor> sent{compression_ == Compression::bfloat16 ? gradients.to(at::kBFloat16) : gradients};
    c10d::AllreduceOptions average;
    average.reduceOp = c10d::ReduceOp::AVG;
    works_.push_back(all_->group.backend->allreduce(sent, average));
    if (bucket.isLast()) torch::autograd::Engine::get_default_engine().queue_callback([this] { wait(); });
    return works_.back()->getFuture();
  }

  at::Tensor parseHookResult(const c10::IValue& result) override {
    return c10d::detail::parseCppCommHookResult(result);
  }

 private:
  void wait() {
    all_->timed("the sum of gradients", [this] {
      for (const auto& work : works_) work->wait();
    });
    works_.clear();
  }

  std::shared_ptr<Collectives> all_;
  Compression compression_;
  std::vector<c10::intrusive_ptr<c10d::Work>> works_;
};

// From torch 2.15 on the constructor wants a list of limits besides.
template <typename Reducer, typename... Arguments>
std::unique_ptr<Reducer> make_reducer(const Arguments&... arguments) {
  using Limits = std::vector<std::int64_t>;
  if constexpr (std::is_constructible_v<Reducer, const Arguments&..., Limits>)
    return std::make_unique<Reducer>(arguments..., Limits());
  else
    return std::make_unique<Reducer>(arguments...);
}

class ReducerReduction : public GradientReduction {
 public:
  ReducerReduction(std::shared_ptr<Collectives> all, std::vector<at::Tensor> parameters, Compression compression);

  void begin_sum() override;
  void expect() override {
    reducer_->prepare_for_forward();
    reducer_->prepare_for_backward({});
  }

  std::vector<std::int64_t> bucket_bytes() const override { return bucket_bytes_; }

 private:
  std::shared_ptr<Collectives> all_;
  std::unique_ptr<c10d::Reducer> reducer_;
  std::vector<c10d::GradBucket> buckets_;  // share the Reducer's storage
  std::vector<std::int64_t> bucket_bytes_;
};

ReducerReduction::ReducerReduction(std::shared_ptr<Collectives> all, std::vector<at::Tensor> parameters,
                                   Compression compression)
    : all_(std::move(all)) {
  std::reverse(parameters.begin(), parameters.end());  // as backward will come to them
  const auto [buckets, limits] = c10d::compute_bucket_assignment_by_size(parameters, {first_bucket, other_buckets});
  reducer_ = make_reducer<c10d::Reducer>(
      parameters, buckets, all_->group.group, /*expect_sparse_gradients=*/std::vector<bool>(parameters.size(), false),
      other_buckets, /*find_unused_parameters=*/false, /*gradient_as_bucket_view=*/true,
      /*param_names=*/std::unordered_map<std::size_t, std::string>(), first_bucket,
      /*skip_all_reduce_unused_params=*/false, /*use_python_reducer=*/false);
  // Left alone, the Reducer rebuilds its buckets after the first step, in the order in which gradients came. A resumed
  // run would then add up its first step's gradients in another order than the run it continues. So it is told now that
  // they come in the order given, and the buckets depend on the model alone.
  // (On the meta device, where a plan runs, there is nobody to agree with and no way to read back what was agreed.)
  if (!parameters.front().is_meta()) {
    reducer_->push_rebuilt_params_for_all_indices();
    all_->timed("agreeing on buckets", [this] { reducer_->rebuild_buckets(); });
  }
  reducer_->register_comm_hook(std::make_unique<SendBucket>(all_, compression));
  buckets_ = reducer_->get_grad_buckets(/*return_zero_tensors=*/false);
  for (const c10d::GradBucket& bucket : buckets_) {
    const auto type = compression == Compression::bfloat16 ? at::kBFloat16 : bucket.getBuffer().scalar_type();
    bucket_bytes_.push_back(bucket.getBuffer().numel() * static_cast<std::int64_t>(c10::elementSize(type)));
  }
}

void ReducerReduction::begin_sum() {
  const at::NoGradGuard no_gradients;
  for (const c10d::GradBucket& bucket : buckets_) {
    bucket.getBuffer().zero_();
    const auto places = bucket.getGradients();
    for (std::size_t i = 0; i < places.size(); ++i) bucket.getParameters()[i].mutable_grad() = places[i];
  }
}

}  // namespace

std::unique_ptr<GradientReduction> make_gradient_reduction(std::shared_ptr<Collectives> all,
                                                           const std::vector<at::Tensor>& parameters,
                                                           Compression compression) {
  return std::make_unique<ReducerReduction>(std::move(all), parameters, compression);
}

}  // namespace luvit
